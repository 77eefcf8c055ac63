import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApiApp } from '../../../src/api/api-app.ts'
import { createSharedTime } from '../../../src/clock/shared-time.ts'
import { createTimeApp } from '../../../src/clock/time-app.ts'
import { createHttpService, type HttpService } from '../../../src/http/http-service.ts'
import { parseListenAddress } from '../../../src/runtime/listen-address.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { upgradeSchema } from '../../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../../src/store/sqlite/sqlite-database.ts'
import type { Store } from '../../../src/store/store.ts'
import { at, event, routerOf } from '../../support/events.ts'

let store: Store
let service: HttpService

beforeEach(async () => {
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  store = await createSqlStore(database)
  service = createHttpService(createApiApp({ store, logger: silentLogger }), { host: '127.0.0.1', port: 0 })
  await service.start()
  const router = routerOf({ distinguished_by: ['host', { timestamp: 'day' }] })
  const events = [1, 2, 3].map((n) =>
    event({
      messageId: `ABC-${n}`,
      eventType: `t.${n}`,
      host: `h${n % 2}`,
      timestamp: at(`2026-01-01T00:00:0${n}.5`),
      traits: { n: { type: 'int', value: 9_007_199_254_740_993n }, f: { type: 'float', value: 1.5 } },
    }),
  )
  const arrivals = events.map((one) => ({
    event: one,
    at: at('2026-01-01T00:00:00'),
    keys: router.keysOf(one),
  }))
  await store.storeBatch({ arrivals, deadLetters: [] }, router)
})

afterEach(async () => {
  await service.stop()
  await store.close()
})

async function get(path: string, init?: RequestInit) {
  const response = await fetch(`http://127.0.0.1:${service.address().port}${path}`, init)
  const text = await response.text()
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text,
    body: text ? JSON.parse(text) : undefined,
  }
}

test('streams come in the encoding of StackTach, the newest first', async () => {
  const { status, body } = await get('/v1/streams')
  expect(status).toBe(200)
  expect(body).toHaveLength(2)
  expect(body[1]).toEqual({
    id: 1,
    name: 'trigger',
    state: 'active',
    first_event: { __type__: 'datetime', datetime: '2026-01-01T00:00:01.500000' },
    last_event: { __type__: 'datetime', datetime: '2026-01-01T00:00:03.500000' },
    fire_timestamp: null,
    expire_timestamp: { __type__: 'datetime', datetime: '2026-01-01T01:00:03.500000' },
    distinguishing_traits: {
      host: 'h1',
      timestamp: { __type__: 'timex.TimeRange', begin: '2026-01-01T00:00:00', end: '2026-01-02T00:00:00' },
    },
    _mark: '1',
  })
})

test('a stream with its events', async () => {
  const { body } = await get('/v1/streams/1?details=true')
  expect(body[0].events.map(({ message_id }: { message_id: string }) => message_id)).toEqual([
    'ABC-1',
    'ABC-3',
  ])
  expect((await get('/v1/streams/1?details=false')).body[0].events).toBeUndefined()
})

test('an event by its id, in any case, its integers exact', async () => {
  const { text, body } = await get('/v1/events/abc-1')
  expect(body).toMatchObject({
    event_type: 't.1',
    message_id: 'ABC-1',
    f: 1.5,
    timestamp: { __type__: 'datetime' },
  })
  expect(text).toContain('"n":9007199254740993')
})

test.each([
  ['/v1/streams/count', 2],
  ['/v1/streams/count?state=ACTIVE', 2],
  ['/v1/streams/count?state=error', 0],
  ['/v1/streams/count?trigger_name=nosuch', 0],
  ['/v1/streams/count?older_than=2026-01-01T00:00:02', 1],
  ['/v1/streams/count?younger_than=2026-01-01T00:00:03', 1],
  ['/v1/events/count', 3],
  ['/v1/events/count?limit=1', 3],
  ['/v1/events/count?event_name=t.2', 1],
  ['/v1/events/count?event_name=', 3],
  ['/v1/events/count?from_datetime=2026-01-01T00:00:01.5&to_datetime=2026-01-01T00:00:03.5', 2],
  ['/v1/events/count?to_datetime=2026-01-01T01:00:02.5 01:00', 2],
  ['/v1/events/count?traits=f:1.5', 3],
  ['/v1/events/count?traits=%20f%20:%201.5%20;%20n%20:%209007199254740993', 3],
  ['/v1/events/count?traits=f:1.5,%20n:1', 0],
  ['/v1/streams/count?distinguishing_traits=host%20:%20h1', 1],
  ['/v1/events/count?mark=2', 1],
  ['/v1/events/count?mark=%2B2', 1],
])('%s counts %i', async (path, count) => {
  expect((await get(path)).body).toEqual([{ count }])
})

test.each([
  ['/v1/events?limit=2', ['3', '2']],
  ['/v1/events?limit=2&mark=2', ['1']],
  ['/v1/events?limit=2&mark=%2B', ['+1', '+2']],
  ['/v1/events?limit=2&mark=+2', ['+3']],
  ['/v1/events?limit=0', []],
  ['/v1/events/?limit=5000', ['3', '2', '1']],
])('%s has the marks %j', async (path, marks) => {
  const { body } = await get(path)
  expect(body.map(({ _mark }: { _mark: string }) => _mark)).toEqual(marks)
})

test.each([
  ['/v1/streams?state=bogus', 400, 'state: "bogus" is not allowed, expected one of active'],
  ['/v1/streams?limit=-1', 400, 'limit: "-1" is not allowed'],
  ['/v1/events?limit=many', 400, 'limit: "many"'],
  ['/v1/events?traits=%20:x', 400, 'traits: " :x" is not allowed'],
  ['/v1/events?mark=xyz', 400, 'mark: "xyz"'],
  ['/v1/events?from_datetime=junk', 400, 'from_datetime: "junk"'],
  ['/v1/streams/abc', 400, 'id: "abc"'],
  ['/v1/streams/99', 404, 'there is no stream 99'],
  ['/v1/events/nope', 404, 'there is no event nope'],
  ['/v1/Streams', 404, 'there is nothing at /v1/Streams'],
  ['/', 404, 'there is nothing at /'],
  ['/v1/events/%ff', 400, ''],
])('%s is refused with %i and a reason', async (path, status, detail) => {
  const answer = await get(path)
  expect(answer).toMatchObject({ status, type: 'application/problem+json; charset=utf-8', body: { status } })
  expect(answer.body.detail).toContain(detail)
})

test('other methods are told from missing pages', async () => {
  expect(await get('/v1/streams', { method: 'POST' })).toMatchObject({ status: 405 })
  expect(await get('/v1/streams', { method: 'OPTIONS' })).toMatchObject({ status: 204 })
  expect(await get('/v1/streams?limit=1', { method: 'HEAD' })).toMatchObject({ status: 200 })
})

test('a port in use is one clear sentence', async () => {
  const { port } = service.address()
  const second = createHttpService(createApiApp({ store, logger: silentLogger }), { host: '127.0.0.1', port })
  await expect(second.start()).rejects.toThrow(`port ${port} of 127.0.0.1 is in use`)
  await second.stop()
})

test.each([
  ['8000', { host: '127.0.0.1', port: 8000 }],
  ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['x', undefined],
  ['1:2:3', undefined],
  ['127.0.0.1:70000', undefined],
])('listens where %s says', (text, expected) => {
  expect(parseListenAddress(text)).toEqual(expected)
})

test('the time service takes texts and posts of consumers, and refuses what is no time', async () => {
  const time = createHttpService(createTimeApp(createSharedTime({ quietMs: 0 }), silentLogger), {
    host: '127.0.0.1',
    port: 0,
  })
  await time.start()
  const url = `http://127.0.0.1:${time.address().port}/time`
  const post = async (body: string) => (await fetch(url, { method: 'POST', body })).status
  const now = async () => (await fetch(url)).text()
  expect(await now()).toBe('1970-01-01T00:00:00.000000')
  expect(await post('2026-01-01 00:00:00')).toBe(204)
  expect(await now()).toBe('2026-01-01T00:00:00.000000')
  expect(await post(JSON.stringify({ source: 'c', time: '2026-01-02T00:00:00', busy: false }))).toBe(204)
  expect(await now()).toBe('2026-01-02T00:00:00.000000')
  const wrong = ['soon', '{', '{"time":"x"}', '{"source":"c","time":5}', '{"source":"c","reading":"yes"}']
  expect(await Promise.all(wrong.map(post))).toEqual(wrong.map(() => 400))
  await time.stop()
})

test('a stream whose pipeline failed says why, with secrets masked, and others say nothing', async () => {
  const router = routerOf({ fire_criteria: [{ event_type: '*' }] })
  const one = event({ host: 'broken', messageId: 'broken' })
  await store.storeBatch(
    { arrivals: [{ event: one, at: 0, keys: router.keysOf(one) }], deadLetters: [] },
    router,
  )
  const [claim] = await store.claimStreams({ kind: 'fire', now: 1, limit: 1, worker: 'w', leaseMs: 1000 })
  if (!claim) throw new Error('the stream must be due')
  const error = 'the host refuses {"_context_auth_token": "s3cr3t"}'
  await store.failRun({ claim, error, retryInMs: undefined })
  const { body } = await get('/v1/streams?state=error')
  expect(body).toMatchObject([{ state: 'error', last_error: expect.stringContaining('the host refuses') }])
  expect(JSON.stringify(body)).not.toContain('s3cr3t')
  for (const other of (await get('/v1/streams?state=active')).body)
    expect(other).not.toHaveProperty('last_error')
})

test('times of parameters are also named as people name them', async () => {
  const count = async (query: string) => (await get(`/v1/events/count?${query}`)).body[0].count
  expect(await count('to_datetime=-1h')).toBe(3)
  expect(await count('from_datetime=yesterday')).toBe(0)
  expect(await get('/v1/events?from_datetime=soon')).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('or how long ago, such as -1h') },
  })
})
