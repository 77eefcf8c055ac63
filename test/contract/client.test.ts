import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiApp } from '../../src/api/api-app.ts'
import { type Client, createClient } from '../../src/client/client.ts'
import {
  ConflictError,
  InvalidError,
  NotFoundError,
  StackTachError,
  TransientError,
} from '../../src/domain/errors.ts'
import { createHttpService, type HttpService } from '../../src/http/http-service.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { DATABASES } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'
import { httpServer, reply } from '../support/http-server.ts'

const NOW = at('2026-01-01T00:00:00')
const BIG = 9_007_199_254_740_993n

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = []
  for await (const row of rows) got.push(row)
  return got
}

describe.each(DATABASES)('a client of the API over $name', ({ open }) => {
  let store: Store
  let service: HttpService
  let client: Client
  let url: string

  beforeAll(async () => {
    store = await createSqlStore(await open(), { writer: 'test', indexedTraits: ['host'] })
    const router = routerOf({ fire_criteria: [{ event_type: 'none' }] })
    const arrivals = Array.from({ length: 25 }, (_, index) => {
      const one = event({
        messageId: `id/${index} ?`,
        host: `h${index % 10}`,
        timestamp: NOW + index * 1_000_000,
        traits: { big: { type: 'int', value: BIG } },
      })
      return { event: one, at: NOW, keys: router.keysOf(one) }
    })
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
    const access = { read: ['r'], write: ['w'] }
    service = createHttpService(createApiApp({ store, logger: silentLogger, access }), {
      host: '127.0.0.1',
      port: 0,
    })
    await service.start()
    url = `http://127.0.0.1:${service.address().port}`
    client = createClient({ url: `${url}/`, token: 'w' })
  })

  afterAll(async () => {
    await service.stop()
    await store.close()
  })

  test('lists, counts and finds events, their integers exact', async () => {
    expect(await client.countEvents()).toBe(25)
    expect(await client.countEvents({ traits: { host: 'h3' } })).toBe(3)
    expect(await client.countEvents({ from: new Date(NOW / 1000), to: '2026-01-01T00:00:10' })).toBe(10)
    const [newest] = await client.listEvents({ limit: 1, eventName: 'test.event' })
    expect(newest).toMatchObject({ message_id: 'id/24 ?', big: BIG, host: 'h4', _mark: '19' })
    expect(await client.getEvent('id/3 ?')).toMatchObject({ message_id: 'id/3 ?', big: BIG })
  })

  test('pages through everything, down and up', async () => {
    const down = (await all(client.events({ limit: 7 }))).map(({ message_id }) => message_id)
    expect(down).toEqual(Array.from({ length: 25 }, (_, index) => `id/${24 - index} ?`))
    const up = (await all(client.events({ limit: 7, mark: '+' }))).map(({ message_id }) => message_id)
    expect(up).toEqual(down.toReversed())
    expect((await all(client.streams({ limit: 3 }))).map(({ id }) => id)).toEqual([
      10, 9, 8, 7, 6, 5, 4, 3, 2, 1,
    ])
    expect(await all(client.streams({ distinguishingTraits: 'host:h3;nosuch:1' }))).toEqual([])
  })

  test('a page that is left is all that is asked for', async () => {
    let requests = 0
    const counting = createClient({ url, token: 'r', onRequest: () => requests++ })
    for await (const _ of counting.events({ limit: 5 })) break
    expect(requests).toBe(1)
  })

  test('shows, resets and deletes streams', async () => {
    const stream = await client.getStream(3, { details: true })
    expect(stream).toMatchObject({ id: 3, state: 'active', distinguishing_traits: { host: 'h2' } })
    expect(stream.events?.map(({ message_id }) => message_id)).toEqual(['id/2 ?', 'id/12 ?', 'id/22 ?'])
    expect((await client.getStream('3')).events).toBeUndefined()
    await expect(client.resetStream(3)).rejects.toThrow(ConflictError)
    const later = NOW + 86_400_000_000
    const claims = await store.claimStreams({
      kind: 'expire',
      now: later,
      limit: 1,
      worker: 'w',
      leaseMs: 60_000,
    })
    const claim = claims[0] as (typeof claims)[0]
    await expect(client.deleteStream(claim.stream.id)).rejects.toThrow('is run by w')
    await store.failRun({ claim, error: 'boom', retryInMs: undefined })
    await client.resetStream(claim.stream.id)
    expect((await client.getStream(claim.stream.id)).state).toBe('retry_expire')
    await client.deleteStream(10)
    await expect(client.getStream(10)).rejects.toThrow(NotFoundError)
    await expect(client.deleteStream(10)).rejects.toThrow('there is no stream 10')
    expect(await client.countStreams()).toBe(9)
    expect(await client.countStreams({ state: 'retry_expire' })).toBe(1)
  })

  test('what is wrong is told in the words of the server', async () => {
    await expect(client.listEvents({ limit: -1 })).rejects.toThrow('limit: "-1" is not allowed')
    await expect(client.listStreams({ state: 'bogus' })).rejects.toThrow(InvalidError)
    await expect(client.listEvents({ traits: { a: 'b;c' } })).rejects.toThrow('cannot be asked for')
    await expect(createClient({ url }).countEvents()).rejects.toThrow('expected a valid token')
    await expect(createClient({ url, token: 'r' }).deleteStream(1)).rejects.toThrow('this token may read')
    await expect(createClient({ url, token: 'x' }).countEvents()).rejects.toBeInstanceOf(StackTachError)
  })
})

describe('a server that does not answer well', () => {
  test('is asked again for what only reads', async () => {
    const { url, received } = await httpServer((response, _, number) => {
      if (number === 1) response.destroy()
      else if (number === 2) reply(response, 503, { detail: 'away' })
      else if (number === 3) {
        response.writeHead(429, { 'retry-after': '0' })
        response.end()
      } else reply(response, 200, [{ count: 4 }])
    })
    expect(await createClient({ url, retries: 3 }).countEvents()).toBe(4)
    expect(received).toHaveLength(4)
    await expect(createClient({ url: 'http://127.0.0.1:1', retries: 0 }).countEvents()).rejects.toThrow(
      'http://127.0.0.1:1 does not answer: ',
    )
  })

  test('is asked once for what changes something', async () => {
    const { url, received } = await httpServer((response) => reply(response, 503, { detail: 'away' }))
    await expect(createClient({ url }).deleteStream(1)).rejects.toThrow(TransientError)
    expect(received).toHaveLength(1)
  })

  test('is waited for no longer than the time-out', async () => {
    const { url } = await httpServer(() => {})
    const client = createClient({ url, timeoutMs: 50, retries: 1 })
    await expect(client.countEvents()).rejects.toThrow('no answer within 0.05 s')
  })

  test('is left when the signal aborts, also in a wait', async () => {
    const leaving = new AbortController()
    const { url } = await httpServer(() => leaving.abort(new Error('enough')))
    await expect(createClient({ url }).countEvents({}, { signal: leaving.signal })).rejects.toThrow('enough')
    const waiting = new AbortController()
    const busy = await httpServer((response) => {
      response.writeHead(429, { 'retry-after': '3600' })
      response.end(() => waiting.abort(new Error('enough')))
    })
    const rows = createClient({ url: busy.url }).events({}, { signal: waiting.signal })
    await expect(rows.next()).rejects.toThrow('enough')
  })

  test('is asked again whatever way it says when to come back', async () => {
    const { url, received } = await httpServer((response, _, number) => {
      if (number > 1) return reply(response, 200, [{ count: 4 }])
      response.writeHead(429, { 'retry-after': new Date(0).toUTCString() })
      response.end()
    })
    expect(await createClient({ url }).countEvents()).toBe(4)
    expect(received).toHaveLength(2)
  })

  test('gets user and password in a header, however they are written, and nothing of a query', async () => {
    const { url, received } = await httpServer((response) => reply(response, 200, [{ count: 4 }]))
    await createClient({ url: `${url.replace('http://', 'http://me:50%@')}/?x=1#y` }).countEvents()
    const authorization = `Basic ${Buffer.from('me:50%').toString('base64')}`
    expect(received).toMatchObject([{ path: '/v1/events/count', headers: { authorization } }])
  })

  test.each(['', '.', '..', 'count', 'COUNT'])(
    'is not asked for the id %j, which is another path',
    async (id) => {
      const { url, received } = await httpServer((response) => reply(response, 200, []))
      const client = createClient({ url })
      for (const asking of [client.getStream(id), client.deleteStream(id), client.getEvent(id)])
        await expect(asking).rejects.toThrow('cannot be asked for')
      expect(received).toEqual([])
    },
  )

  test('is told from one of another kind', async () => {
    const { url } = await httpServer((response) => reply(response, 200, '<html>'))
    await expect(createClient({ url }).countEvents()).rejects.toThrow('is it the API of StackTach?')
  })
})
