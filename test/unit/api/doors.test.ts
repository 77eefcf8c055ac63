import type { Express } from 'express'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { createApiApp } from '../../../src/api/api-app.ts'
import { createSharedTime } from '../../../src/clock/shared-time.ts'
import { createTimeApp } from '../../../src/clock/time-app.ts'
import { canonicalTarget } from '../../../src/http/canonical-target.ts'
import { createHttpService } from '../../../src/http/http-service.ts'
import { createStatusApp } from '../../../src/observe/status-app.ts'
import { DEFAULT_LIMITS } from '../../../src/runtime/client-limits.ts'
import { type Logger, silentLogger } from '../../../src/runtime/logger.ts'
import type { Store } from '../../../src/store/store.ts'
import { converse, statusOf } from '../../support/converse.ts'
import { corpusOf } from '../../support/corpus.ts'

const OPERATIONS = [
  '/v1/streams',
  '/v1/streams/count',
  '/v1/streams/1',
  '/v1/events',
  '/v1/events/count',
  '/v1/events/m',
]
const PUBLIC = ['/docs', '/openapi.json']
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY']

/** Notes what is asked of it, whatever it is. */
function storeThatNotes(): { store: Store; asked: string[] } {
  const asked: string[] = []
  const store = new Proxy({} as Store, {
    get: (_, name) => async () => {
      asked.push(String(name))
      return String(name).startsWith('list') ? [] : 0
    },
  })
  return { store, asked }
}

async function serve(app: Express): Promise<string> {
  const service = createHttpService(app, { host: '127.0.0.1', port: 0 })
  await service.start()
  onTestFinished(() => service.stop())
  return `http://127.0.0.1:${service.address().port}`
}

/** One character of a path, as it may be spelled. */
const spelled = (character: string) =>
  fc.constantFrom(
    character,
    character,
    character,
    character.toUpperCase(),
    `%${character.charCodeAt(0).toString(16)}`,
    `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    `%25${character.charCodeAt(0).toString(16)}`,
  )

const slash = fc.constantFrom(
  ...['/', '/', '/', '/', '//', '/./', '/x/../', '/%2e/', '/%2e%2e/', '%2f', '\\', '/;/', '/%00/', '/\xa0/'],
)

/** A path of an operation in any spelling. */
const spelling = fc
  .constantFrom(...OPERATIONS, ...PUBLIC)
  .chain((path) => fc.tuple(...[...path].map((one) => (one === '/' ? slash : spelled(one)))))
  .map((parts) => parts.join(''))

const target = fc
  .tuple(
    fc.constantFrom(...['', '', '', '', 'http://localhost', 'http://x', 'HTTP://x:1', '//x', 'http://']),
    spelling,
    fc.constantFrom(
      ...['', '', '/', '//', '?', '?limit=1', '#', '#?', ';x', '.json', '%20', '%00', '/.', '?/../..'],
    ),
  )
  .map((parts) => parts.join(''))

const header = fc.constantFrom(
  '',
  'X-HTTP-Method-Override: GET\r\n',
  'X-HTTP-Method-Override: DELETE\r\n',
  'X-HTTP-Method: GET\r\nX-Method-Override: GET\r\n',
  'X-Original-URL: /docs\r\nX-Rewrite-URL: /docs\r\n',
  'X-Forwarded-Host: localhost\r\nX-Forwarded-For: 127.0.0.1\r\nForwarded: host=localhost\r\n',
  'X-Forwarded-Prefix: /docs\r\n',
)

const request = (method: string, path: string, host: string, headers: string) =>
  `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}Content-Length: 0\r\nConnection: close\r\n\r\n`

const limits = { ...DEFAULT_LIMITS, requestsPerMinute: 1e9 }

test.each([
  ['with tokens, none is given', { read: ['reader'], write: ['writer'] }, 'localhost', ''],
  [
    'with tokens, a wrong one is given',
    { read: ['r'], write: [] },
    'localhost',
    'Authorization: Bearer w\r\n',
  ],
  ['without tokens, under a name of elsewhere', { read: [], write: [] }, 'evil.example', ''],
  [
    'without tokens, from a page of elsewhere',
    { read: [], write: [] },
    '127.0.0.1',
    'Origin: http://evil\r\n',
  ],
])('no spelling of a request reaches an operation: %s', async (_, access, host, credentials) => {
  const { store, asked } = storeThatNotes()
  const url = await serve(createApiApp({ store, logger: silentLogger, access, limits }))
  const method = fc.constantFrom(...METHODS)
  const look = async (how: string, where: string, headers: string) => {
    const of = host === 'evil.example' ? where.replace(/localhost/i, 'evil.example') : where
    const answer = await converse(url, request(how, of, host, headers + credentials))
    const status = statusOf(answer)
    const isPublic =
      access.read.length > 0 && PUBLIC.includes(canonicalTarget(of).url.split('?')[0] as string)
    expect([400, 401, 403, 414, ...(isPublic ? [200, 204, 405] : [])], `${how} ${of}`).toContain(status)
    expect(asked, `${how} ${of}`).toEqual([])
  }
  for (const path of corpusOf('paths'))
    for (const how of ['GET', 'DELETE']) await look(how, path.toString('latin1'), '')
  await fc.assert(fc.asyncProperty(method, target, header, look), { numRuns: 400 })
})

test('a path has one form, and that form is its own', () => {
  fc.assert(
    fc.property(fc.oneof(target, fc.string(), fc.webUrl()), (raw) => {
      const { url } = canonicalTarget(raw)
      expect(url).toMatch(/^[/*][!-~]*$/)
      expect(canonicalTarget(url).url).toBe(url)
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['/v1/%73treams/COUNT?state=active', '/v1/streams/count?state=active'],
  ['/v1/events/', '/v1/events'],
  ['/v1/events/?limit=1', '/v1/events?limit=1'],
  ['/v1/events/a%2fb%3a', '/v1/events/a%2Fb%3A'],
  ['/v1/events/%ff%zz', '/v1/events/%FF%zz'],
  ['/V1/Streams/Count', '/V1/Streams/Count'],
  ['//v1/streams', '//v1/streams'],
  ['/v1/../docs', '/v1/../docs'],
  ['/v1/events?traits=name:\xc3\xa9', '/v1/events?traits=name:%C3%A9'],
  ['/docs#x', '/docs%23x'],
  ['http://x', '/'],
  ['*', '*'],
])('%s is %s', (raw, url) => {
  expect(canonicalTarget(raw).url).toBe(url)
})

test('the log tells the path that was decided on, and the name in a whole URL is the one that counts', async () => {
  const lines: { url?: string }[] = []
  const logger: Logger = { ...silentLogger, info: (fields) => lines.push(fields) }
  const { store, asked } = storeThatNotes()
  const url = await serve(createApiApp({ store, logger, limits }))
  expect(statusOf(await converse(url, request('GET', '/v1/%73treams/COUNT/', 'localhost', '')))).toBe(200)
  expect(asked).toEqual(['countStreams'])
  expect(lines[0]?.url).toBe('/v1/streams/count')
  const evil = request('GET', 'http://evil.example/v1/streams/count', 'localhost', '')
  expect(statusOf(await converse(url, evil))).toBe(403)
  const good = request(
    'GET',
    'http://localhost/v1/streams/count',
    'localhost',
    'Origin: http://localhost:3000\r\n',
  )
  expect(statusOf(await converse(url, good))).toBe(200)
})

const post = (body: string, host = 'localhost', headers = '') =>
  `POST /time HTTP/1.1\r\nHost: ${host}\r\n${headers}Content-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`

const POSTED = '2020-01-01T00:00:00'

test.each([
  ['a name of elsewhere', post(POSTED, 'evil.example')],
  ['a page of elsewhere', post(POSTED, 'localhost', 'Origin: http://evil.example\r\n')],
  ['a page without a name', post(POSTED, 'localhost', 'Origin: null\r\n')],
  ['a page of elsewhere under any name', post(POSTED, 'evil.example', 'Origin: http://evil.example\r\n')],
])('the time service takes no word of %s', async (_, text) => {
  const time = createSharedTime({ quietMs: 0 })
  const url = await serve(createTimeApp(time, silentLogger))
  expect(statusOf(await converse(url, text))).toBe(403)
  expect(time.now()).toBe(0)
  expect(statusOf(await converse(url, post(POSTED)))).toBe(204)
  expect(time.now()).toBeGreaterThan(0)
})

test('with a token the time service asks for it, wherever it is asked from', async () => {
  const time = createSharedTime({ quietMs: 0 })
  const url = await serve(createTimeApp(time, silentLogger, { read: [], write: ['t'] }))
  expect(statusOf(await converse(url, post(POSTED)))).toBe(401)
  expect(time.now()).toBe(0)
  expect(statusOf(await converse(url, post(POSTED, 'time.example', 'Authorization: Bearer t\r\n')))).toBe(204)
  expect((await fetch(`${url}/time`)).status).toBe(401)
})

test('a time of more than a day ahead moves no clock, and sources are bounded', async () => {
  const time = createSharedTime({ quietMs: 0 })
  const url = await serve(createTimeApp(time, silentLogger))
  const send = async (body: string) => (await fetch(`${url}/time`, { method: 'POST', body })).status
  const tomorrow = new Date(Date.now() + 26 * 3_600_000).toISOString()
  for (const ahead of ['2099-01-01T00:00:00', '9999-12-31T00:00:00', tomorrow]) {
    expect(await send(ahead)).toBe(400)
    expect(await send(JSON.stringify({ source: 'x', time: ahead, busy: false, reading: false }))).toBe(400)
  }
  expect(time.now()).toBe(0)
  expect(await send(JSON.stringify({ source: 's'.repeat(1000), time: null }))).toBe(400)
  expect(await send(new Date(Date.now() + 20 * 3_600_000).toISOString())).toBe(204)
  expect(time.now()).toBeGreaterThan(0)
})

test('/readyz shows the words of servers without secrets and control characters', async () => {
  const url = await serve(
    createStatusApp({
      metrics: async () => ({ contentType: 'text/plain', text: '' }),
      hindrance: async () => 'closed: token=SEKRET77 by \x1b[2Jops',
      remarks: () => ['bearer SEKRET77abcdefghijklmnop'],
    }),
  )
  const text = await (await fetch(`${url}/readyz`)).text()
  expect(text).not.toContain('SEKRET77')
  expect(text).not.toContain('\x1b')
  expect(text.split('\n')).toHaveLength(3)
})

test.each(['/metrics', '/healthz', '/readyz', '/nothing'])(
  '%s is told under the names of this machine and the configured one only',
  async (path) => {
    const sources = {
      metrics: async () => ({ contentType: 'text/plain', text: 'x 1\n' }),
      hindrance: async () => undefined,
    }
    const url = await serve(createStatusApp(sources, 'metrics.internal'))
    const ask = async (host: string, headers = '', target = path) =>
      statusOf(await converse(url, request('GET', target, host, headers)))
    expect(await ask('evil.example')).toBe(403)
    expect(await ask('localhost', '', `http://evil.example${path}`)).toBe(403)
    expect(await ask('localhost', 'Origin: http://evil.example\r\n')).toBe(403)
    const expected = path === '/nothing' ? 404 : 200
    for (const host of ['localhost:9101', '127.0.0.1:9101', '[::1]', '127.0.0.2', 'metrics.internal:9101'])
      expect(await ask(host), host).toBe(expected)
  },
)
