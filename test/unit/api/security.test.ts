import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { TransientError } from '../../../src/domain/errors.ts'
import type { OpenApi, OpenApiOperation } from '../../../src/http/openapi.ts'
import { DEFAULT_LIMITS } from '../../../src/runtime/client-limits.ts'
import type { Logger } from '../../../src/runtime/logger.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { upgradeSchema } from '../../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../../src/store/sqlite/sqlite-database.ts'
import type { Store } from '../../../src/store/store.ts'
import { serveApi } from '../../support/api.ts'
import { converse } from '../../support/converse.ts'
import { at, event, routerOf } from '../../support/events.ts'
import { until } from '../../support/until.ts'

async function storeWithOne(): Promise<Store> {
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database)
  onTestFinished(() => store.close())
  const router = routerOf({ distinguished_by: ['host', 'auth_token'] })
  const one = event({
    messageId: 'one',
    host: 'h',
    timestamp: at('2026-01-01T00:00:00'),
    traits: {
      _context_auth_token: { type: 'text', value: 's3cr3t' },
      auth_token: { type: 'text', value: 's3cr3t' },
    },
  })
  await store.storeBatch(
    { arrivals: [{ event: one, at: one.timestamp, keys: router.keysOf(one) }], deadLetters: [] },
    router,
  )
  return store
}

const ACCESS = { read: ['reader'], write: ['writer'] }
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

test.each([
  ['GET', undefined, 401],
  ['GET', { headers: { authorization: 'reader' } }, 401],
  ['GET', bearer('wrong'), 401],
  ['GET', bearer('reade'), 401],
  ['GET', { headers: { authorization: 'Basic cmVhZGVy' } }, 401],
  ['GET', bearer('reader'), 200],
  ['HEAD', bearer('reader'), 200],
  ['GET', bearer('writer'), 200],
  ['GET', { headers: { authorization: 'bearer writer' } }, 200],
  ['PUT', undefined, 401],
  ['PUT', bearer('reader'), 403],
  ['DELETE', bearer('reader'), 403],
  ['PUT', bearer('writer'), 409],
  ['DELETE', bearer('writer'), 200],
])('%s with %j is answered %i', async (method, init, status) => {
  const url = await serveApi({ store: await storeWithOne(), access: ACCESS })
  const response = await fetch(`${url}/v1/streams/1`, { method, ...init })
  expect(response.status).toBe(status)
  if (status !== 401) return
  expect(response.headers.get('www-authenticate')).toContain('Bearer')
  expect(await response.json()).toMatchObject({
    status: 401,
    detail: expect.stringContaining('Authorization'),
  })
})

test('where only reading needs no write token nobody may write, and a write token alone guards reading', async () => {
  const store = await storeWithOne()
  const readOnly = await serveApi({ store, access: { read: ['reader'], write: [] } })
  expect((await fetch(`${readOnly}/v1/streams/1`, { method: 'DELETE', ...bearer('reader') })).status).toBe(
    403,
  )
  const writeOnly = await serveApi({ store, access: { read: [], write: ['writer'] } })
  expect((await fetch(`${writeOnly}/v1/streams/1`)).status).toBe(401)
})

test.each([
  ['a body that is too large', { body: 'x'.repeat(70_000) }, 413],
  ['a packed body', { body: gzipSync('x'.repeat(1_000_000)), headers: { 'content-encoding': 'gzip' } }, 415],
])('%s is refused', async (_, init, status) => {
  const url = await serveApi({ store: await storeWithOne() })
  const response = await fetch(`${url}/v1/streams/1`, { method: 'PUT', ...init })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ status })
})

test('a URL and headers that are too long are refused', async () => {
  const url = await serveApi({ store: await storeWithOne() })
  expect((await fetch(`${url}/v1/events?event_name=${'x'.repeat(5000)}`)).status).toBe(414)
  const response = await fetch(`${url}/v1/events`, { headers: { 'x-long': 'x'.repeat(20_000) } })
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  expect(await response.json()).toMatchObject({ status: 431, detail: 'the headers are too large' })
})

test('what asks too often is told to wait', async () => {
  const limits = { ...DEFAULT_LIMITS, requestsPerMinute: 3 }
  const url = await serveApi({ store: await storeWithOne(), limits })
  const statuses: number[] = []
  for (let count = 0; count < 4; count++) statuses.push((await fetch(`${url}/v1/streams`)).status)
  expect(statuses).toEqual([200, 200, 200, 429])
  const last = await fetch(`${url}/v1/streams`)
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await last.json()).toMatchObject({ status: 429, title: 'Too Many Requests' })
})

test.each([
  ['headers', 'GET /v1/streams HTTP/1.1\r\nHost: x\r\nX-Slow: '],
  ['a body', 'PUT /v1/streams/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nslow'],
])('a client that never ends %s is let go', async (_, text) => {
  const slowness = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 50 }
  const url = await serveApi({ store: await storeWithOne() }, slowness)
  expect(await converse(url, text)).toMatch(/^HTTP\/1\.1 408 .*"status":408/s)
  expect(await converse(url, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*problem/s)
  expect((await fetch(`${url}/v1/streams`)).status).toBe(200)
})

const INJECTIONS = [
  "' or 1=1 -- ",
  '"; drop table event; --',
  "\\'; delete from stream; #",
  '%00',
  '\0',
  '${7*7}',
  '{{7*7}}',
  '__proto__',
  'constructor',
  "') union select * from stream -- ",
  '../../etc/passwd',
  '\ud800',
  '1e309',
  '-0',
]

test.each(['streams', 'events', 'streams/count', 'events/count'])(
  'nothing in a parameter of %s reaches further than a value',
  async (list) => {
    const store = await storeWithOne()
    const url = await serveApi({ store })
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi
    const { get } = document.paths[`/v1/${list}`] ?? {}
    const names = (get as OpenApiOperation).parameters.map(({ name }) => name)
    for (const name of [...names, '__proto__', 'toString']) {
      for (const text of INJECTIONS.flatMap((one) => [one, `host:${one}`, `${one}:h`])) {
        const query = new URLSearchParams([[name, text]])
        const response = await fetch(`${url}/v1/${list}?${query}`)
        expect([200, 400], `${name}=${text}`).toContain(response.status)
        await response.text()
      }
    }
    for (const text of INJECTIONS) {
      const response = await fetch(
        `${url}/v1/${list.split('/')[0]}/${encodeURIComponent(text.toWellFormed())}`,
      )
      expect([400, 404]).toContain(response.status)
    }
    expect(await store.countEvents({}, { limit: 1, mark: undefined, ascending: true })).toBe(1)
    expect(await store.countStreams({}, { limit: 1, mark: undefined, ascending: true })).toBe(1)
  },
)

test('a name of elsewhere is not served without tokens: a page in a browser could ask by it', async () => {
  const store = await storeWithOne()
  const ask = (url: string, host: string) =>
    converse(
      url,
      `GET /v1/streams HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nAuthorization: Bearer writer\r\n\r\n`,
    )
  const open = await serveApi({ store })
  expect(await ask(open, 'evil.example')).toMatch(/^HTTP\/1\.1 403 /)
  for (const host of ['localhost:80', '127.0.0.1', '[::1]:8000'])
    expect(await ask(open, host)).toMatch(/^HTTP\/1\.1 200 /)
  const insecure = await serveApi({ store, access: { read: [], write: [], anyHost: true } })
  expect(await ask(insecure, 'api.example')).toMatch(/^HTTP\/1\.1 200 /)
  expect(await ask(await serveApi({ store, access: ACCESS }), 'api.example')).toMatch(/^HTTP\/1\.1 200 /)
})

test('more traits than an index can be joined by are refused', async () => {
  const url = await serveApi({ store: await storeWithOne() })
  const pairs = Array.from({ length: 21 }, (_, index) => `t${index}:1`).join(';')
  for (const path of ['streams?distinguishing_traits=', 'events?traits=']) {
    const response = await fetch(`${url}/v1/${path}${pairs}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ allowed: expect.stringContaining('at most 20') })
  }
})

test('what the database says stays in the log', async () => {
  const lines: string[] = []
  const store = await storeWithOne()
  const away: Store = {
    ...store,
    countStreams: () => Promise.reject(new TransientError('connect db.internal refused')),
  }
  const logger: Logger = { ...silentLogger, error: (fields) => lines.push(JSON.stringify(fields)) }
  const url = await serveApi({ store: away, logger })
  const response = await fetch(`${url}/v1/streams/count`)
  expect(response.status).toBe(503)
  expect(await response.text()).not.toContain('db.internal')
  expect(lines.join()).toContain('db.internal')
})

test('what changes something is answered when it is known how it ended', async () => {
  const store = await storeWithOne()
  const slow: Store = {
    ...store,
    deleteStream: (_, signal) =>
      new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(new TransientError('rolled back'))),
      ),
  }
  const url = await serveApi({ store: slow, limits: { ...DEFAULT_LIMITS, queryTimeoutMs: 20 } })
  expect((await fetch(`${url}/v1/streams/1`, { method: 'DELETE' })).status).toBe(503)
  expect(await store.findStream(1)).toBeDefined()
})

test('the pages of the document have one method', async () => {
  const url = await serveApi({ store: await storeWithOne() })
  for (const path of ['/docs', '/openapi.json']) {
    expect((await fetch(`${url}${path}`, { method: 'POST' })).status).toBe(405)
    expect((await fetch(`${url}${path}`, { method: 'HEAD' })).status).toBe(200)
  }
})

test('tokens in notifications are masked', async () => {
  const url = await serveApi({ store: await storeWithOne() })
  for (const path of ['/v1/events', '/v1/events/one', '/v1/streams', '/v1/streams/1?details=1']) {
    const text = await (await fetch(`${url}${path}`)).text()
    expect(text).toContain('"auth_token":"***"')
    expect(text).not.toContain('s3cr3t')
  }
})

test('each request has an id and a line in the log, without its token', async () => {
  const lines: object[] = []
  const logger: Logger = { ...silentLogger, info: (fields) => lines.push(fields) }
  const url = await serveApi({ store: await storeWithOne(), logger, access: ACCESS })
  const first = await fetch(`${url}/v1/streams?limit=1`, bearer('reader'))
  const second = await fetch(`${url}/v1/nothing`, {
    headers: { ...bearer('reader').headers, 'x-request-id': 'mine-1' },
  })
  const third = await fetch(`${url}/v1/nothing`, { headers: { 'x-request-id': 'not\tallowed' } })
  expect(second.headers.get('x-request-id')).toBe('mine-1')
  expect(await second.json()).toMatchObject({ request_id: 'mine-1' })
  expect(third.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  await until('they are logged', () => lines.length === 3)
  expect(lines.map((line) => ({ ...line, ms: 0 }))).toMatchObject([
    { request_id: first.headers.get('x-request-id'), method: 'GET', url: '/v1/streams?limit=1', status: 200 },
    { request_id: 'mine-1', status: 404 },
    { status: 401 },
  ])
  expect(JSON.stringify(lines)).not.toContain('reader')
})

test('helmet guards every answer, and the page of the API needs nothing from elsewhere', async () => {
  const url = await serveApi({ store: await storeWithOne() })
  const page = await fetch(`${url}/docs`)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  expect(page.headers.get('x-powered-by')).toBeNull()
  const html = await page.text()
  expect(html).toContain('GET /v1/streams/{id}')
  expect(html).toContain('distinguishing_traits')
  expect(html).not.toMatch(/(src|href)="(https?:)?\/\//)
})

test('an answer that takes too long is given up, and the store hears of it', async () => {
  const store = await storeWithOne()
  let isAborted = false
  const slow: Store = {
    ...store,
    listStreams: (_filter, _page, signal) =>
      new Promise(() =>
        signal?.addEventListener('abort', () => {
          isAborted = true
        }),
      ),
  }
  const limits = { ...DEFAULT_LIMITS, queryTimeoutMs: 20 }
  const url = await serveApi({ store: slow, limits })
  const response = await fetch(`${url}/v1/streams`)
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({ detail: expect.stringContaining('query_timeout_s') })
  expect(isAborted).toBe(true)
})

test('a client that goes away frees what it asked for', async () => {
  const store = await storeWithOne()
  let asked = 0
  let aborted = 0
  const slow: Store = {
    ...store,
    listEvents: (_filter, _page, signal) => {
      asked++
      return new Promise((_, reject) =>
        signal?.addEventListener('abort', () => {
          aborted++
          reject(signal.reason)
        }),
      )
    },
  }
  const url = await serveApi({ store: slow })
  const leaving = new AbortController()
  const gone = fetch(`${url}/v1/events`, { signal: leaving.signal }).catch(() => 'gone')
  await until('it is asked', () => asked === 1)
  leaving.abort()
  expect(await gone).toBe('gone')
  await until('it is freed', () => aborted === 1)
  await delay(0)
  expect((await fetch(`${url}/v1/streams`)).status).toBe(200)
})
