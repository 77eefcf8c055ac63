import { request as httpRequest } from 'node:http'
import { expect, test } from 'vitest'
import { ManualStatusClock } from '../../support/manual-status-clock.ts'
import { postModel, runningStatus, settled } from '../../support/status-tree.ts'

const TREE = {
  'east/kiln.state': { value: '<hot>', age: 0, ttl: 600 },
  'east/kiln.celsius': { value: '840', age: 0, ttl: 600, since: 90 },
  'kiln.state': { value: 'cold', age: 0, ttl: 600 },
}
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const text = async (url: string, headers = {}) => (await fetch(url, { headers })).text()

async function withTree(options = {}) {
  const clock = new ManualStatusClock()
  const running = await runningStatus({ clock, ...options })
  expect(await postModel(running.url, TREE)).toBe(200)
  return { clock, ...running }
}

test('by prefix and greatest age', async () => {
  const { url, clock } = await withTree()
  expect(await text(`${url}/?prefix=east/`)).toBe('east/kiln.celsius: 840\neast/kiln.state: <hot>\n')
  expect(await text(`${url}/?max_age=60`)).toBe('kiln.state: cold\neast/kiln.state: <hot>\n')
  clock.moveTo(61_000)
  expect(await text(`${url}/?max_age=60`)).toBe('')
  expect((await fetch(`${url}/?max_age=old`)).status).toBe(400)
})

test('a browser gets a page without script, with nothing of a child in it as markup', async () => {
  const { url } = await withTree()
  const answer = await fetch(url, { headers: BROWSER })
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  const page = await answer.text()
  expect(page).toContain('<b>kiln.state</b>: &lt;hot&gt;<i>0 s</i>')
  expect(page).toContain('<b>kiln.celsius</b>: 840<i>90 s</i>')
  expect(page).toContain('http-equiv="refresh"')
  expect(page).not.toContain('<hot>')
})

test('ages, times left and numbers for Prometheus', async () => {
  const { url, status } = await withTree()
  status.report('kiln.name', 'seven')
  await postModel(url, { 'no key': { value: '', ttl: 1 } })
  const lines = (await text(`${url}/?type=prometheus`)).split('\n')
  expect(lines).toContain('stacktach_status_age_seconds{key="east/kiln.celsius"} 90')
  expect(lines).toContain('stacktach_status_left_seconds{key="east/kiln.celsius"} 600')
  expect(lines.filter((line) => line.startsWith('stacktach_status_value{'))).toEqual([
    'stacktach_status_value{key="east/kiln.celsius"} 840',
  ])
  expect(lines).toContain('stacktach_status_refused_total{reason="contract"} 1')
})

test('JSON is application/json for those who accept it', async () => {
  const { url } = await withTree()
  const answer = await fetch(`${url}/?type=json`, { headers: { accept: 'application/json' } })
  expect(answer.headers.get('content-type')).toBe('application/json')
  const { 'east/kiln.celsius': celsius, 'kiln.state': state } = (await answer.json()) as typeof TREE
  expect(celsius).toEqual({ value: '840', age: 0, ttl: 600, since: 90 })
  expect(state).toEqual({ value: 'cold', age: 0, ttl: 600 })
})

test('a wait ends with a change, and after a while without', async () => {
  const { url, clock, status } = await withTree()
  const now = await fetch(`${url}/?wait=0`)
  expect(now.headers.get('status-index')).toBe('3')
  await now.text()
  const next = fetch(`${url}/?type=json&wait=3&prefix=kiln`)
  setTimeout(() => status.report('kiln.state2', 'hot'), 20)
  const answer = await next
  expect(answer.headers.get('status-index')).toBe('4')
  expect(Object.keys((await answer.json()) as object)).toEqual(['kiln.state', 'kiln.state2'])
  let isOver = false
  const silent = text(`${url}/?wait=4`).finally(() => {
    isOver = true
  })
  await settled(() => {
    clock.moveTo(clock.now() + 1000)
    return isOver
  })
  expect(await silent).toContain('kiln.state2: hot\n')
})

test('events: the model, what is stored, what is gone', async () => {
  const { url, clock, status } = await withTree()
  const answer = await fetch(`${url}/?prefix=kiln`, { headers: { accept: 'text/event-stream' } })
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  let got = ''
  const reading = (async () => {
    for await (const part of answer.body ?? []) got += Buffer.from(part).toString()
  })().catch(() => {})
  await settled(() => got.includes('event: model'))
  status.report('kiln.door', 'open', { ttl_s: 5 })
  await postModel(url, { 'west/aa': { value: '', ttl: 60 } })
  await settled(() => got.includes('event: change'))
  clock.moveTo(6000)
  await settled(() => got.includes('event: gone'))
  expect(got.split('\n\n').slice(0, 3)).toEqual([
    'id: 3\nevent: model\ndata: {"kiln.state":{"value":"cold","age":0,"ttl":600}}',
    'id: 4\nevent: change\ndata: {"kiln.door":{"value":"open","age":0,"ttl":5,"since":0}}',
    'id: 6\nevent: gone\ndata: ["kiln.door"]',
  ])
  await answer.body?.cancel().catch(() => {})
  void reading
})

test('tokens: none, one that reads, one of a child, one in the address', async () => {
  const tokens = { read: ['r3ad'], write: ['wr1te'], children: { west: 'w3st' } }
  const { url, status } = await runningStatus({ clock: new ManualStatusClock(), tokens })
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  expect((await fetch(url)).status).toBe(401)
  expect((await fetch(url, { headers: bearer('wrong') })).status).toBe(401)
  expect((await fetch(url, { headers: bearer('r3ad') })).status).toBe(200)
  expect(await postModel(url, TREE)).toBe(401)
  expect(await postModel(url, TREE, bearer('r3ad'))).toBe(403)
  const ofWest = { ...TREE, 'west/kiln.state': { value: 'new', ttl: 60 } }
  expect(await postModel(url, ofWest, bearer('w3st'))).toBe(200)
  expect(status.list().map(({ key }) => key)).toEqual(['west/kiln.state'])
  expect(status.refusals().get('prefix')).toBe(3)
  expect(await postModel(`${url}/?token=wr1te`, TREE)).toBe(200)
  expect(status.list()).toHaveLength(4)
})

test('without tokens, other names than those of this machine are refused', async () => {
  const { url } = await withTree()
  const { port } = new URL(url)
  const statusUnder = (headers: { host: string; origin?: string }) =>
    new Promise((resolve, reject) => {
      httpRequest({ port, host: '127.0.0.1', headers }, (answer) => resolve(answer.resume().statusCode))
        .once('error', reject)
        .end()
    })
  expect(await statusUnder({ host: `localhost:${port}` })).toBe(200)
  expect(await statusUnder({ host: 'evil.example' })).toBe(403)
  expect(await statusUnder({ host: `localhost:${port}`, origin: 'https://evil.example' })).toBe(403)
})

test('a body that is too large is refused while it comes, and costs nobody anything', async () => {
  const { url, status } = await withTree()
  const { port } = new URL(url)
  const posting = (headers: { [name: string]: string | number }) =>
    new Promise<number | undefined>((resolve) => {
      let code: number | undefined
      const all = { 'content-type': 'application/json', ...headers }
      const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', headers: all }, (answer) => {
        code = answer.resume().statusCode
      })
      const part = Buffer.alloc(64 * 1024, ' ')
      // A gigabyte, as far as the server takes it.
      let left = 1 << 14
      const write = () => {
        while (left-- > 0 && !request.destroyed)
          if (!request.write(part)) return void request.once('drain', write)
        request.end()
      }
      request.once('error', () => resolve(code))
      request.once('close', () => resolve(code))
      write()
    })
  const before = process.memoryUsage().rss
  expect(await posting({ 'content-length': 2 ** 30 })).toBe(413)
  expect(await posting({ 'transfer-encoding': 'chunked' })).toBe(413)
  expect(process.memoryUsage().rss - before).toBeLessThan(300e6)
  expect(status.refusals().get('body')).toBe(2)
  expect(status.list()).toHaveLength(3)
})

test('far too many keys are refused, and what was there stays', async () => {
  const { url, status } = await withTree()
  const keys = Array.from({ length: 150_000 }, (_, index) => `"m/${index}":{"ttl":9}`).join(',')
  expect(
    await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{${keys}}` }),
  ).toHaveProperty('status', 200)
  expect(status.list({ prefix: 'east/' })).toHaveLength(2)
  expect(status.list().length).toBeLessThanOrEqual(100_000)
  expect(await postModel(url, { 'east/new.key': { value: '', ttl: 60 } })).toBe(200)
  expect(status.get('east/new.key')).toBeDefined()
  const huge = Buffer.from(`{${`${keys},`.repeat(4).slice(0, -1)}}`)
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: huge,
  }).catch(() => undefined)
  expect(answer?.status ?? 413).toBe(413)
  expect(status.get('kiln.state')?.value).toBe('cold')
})

test('HEAD has no body; OPTIONS names the methods', async () => {
  const { url } = await withTree()
  const head = await fetch(url, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  const options = await fetch(url, { method: 'OPTIONS' })
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST, OPTIONS'])
})
