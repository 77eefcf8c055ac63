import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createApiApp } from '../../src/api/api-app.ts'
import { tailMessages } from '../../src/api/tail-messages.ts'
import { type TailFilter, TailReader } from '../../src/api/tail-reader.ts'
import { type Client, createClient, type TailMessage } from '../../src/client/client.ts'
import type { ServerSentEvent } from '../../src/http/event-stream.ts'
import { createHttpService } from '../../src/http/http-service.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { trimChanges } from '../../src/store/upkeep/trim-changes.ts'
import { serveApi } from '../support/api.ts'
import { DATABASES } from '../support/databases.ts'
import { event, routerOf } from '../support/events.ts'
import { finished, LATER, StoreFixture } from '../support/store-fixture.ts'

const END = 'test.end'
const router = routerOf({})

/** Collects the messages of a tail in the background. */
function following(client: Client, query: Parameters<Client['tail']>[0] = {}) {
  const ending = new AbortController()
  const messages: TailMessage[] = []
  const done = (async () => {
    for await (const message of client.tail(query, { signal: ending.signal })) messages.push(message)
  })()
  const end = async () => {
    ending.abort()
    await done
  }
  onTestFinished(end)
  const reach = async (count: number) => {
    for (let tries = 0; messages.length < count && tries < 1000; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    return messages.map(short)
  }
  return { messages, reach, end }
}

function short(message: TailMessage): string {
  const { kind } = message
  if (kind === 'event') return `event ${message.data.message_id}`
  if (kind === 'stream') return `stream ${message.data.id} ${message.data.what} ${message.data.state}`
  return kind === 'dead-letter' ? `letter ${message.data.stage}` : kind
}

function whatOf({ event: kind, data }: ServerSentEvent): string {
  return kind === 'stream' ? `stream ${(data as { id: number }).id}` : String(kind)
}

/** Reads the data of the first messages of a tail. */
async function dataOf(url: string, count: number): Promise<{ [name: string]: unknown }[]> {
  const ending = new AbortController()
  const response = await fetch(url, { signal: ending.signal })
  const decoder = new TextDecoder()
  let text = ''
  const lines = () => [...text.matchAll(/^data: (.*)\n/gm)].map(([, json]) => JSON.parse(json as string))
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true })
    if (lines().length >= count) break
  }
  ending.abort()
  return lines()
}

describe.each(DATABASES)('the tail of $name', ({ open }) => {
  const fixture = new StoreFixture(open)

  const put = (host: string, messageId: string) =>
    fixture.put(router, [event({ host, messageId, eventType: END })])
  const tailed = async (client: Client, query?: Parameters<Client['tail']>[0]) => {
    const tail = following(client, query)
    // What comes before the first look is of before.
    await new Promise((resolve) => setTimeout(resolve, 700))
    return tail
  }

  test('tells of events, of streams that open, end and fail, and of dead letters, as they come', async () => {
    await put('before', 'm0')
    const tail = await tailed(createClient({ url: await serveApi({ store: fixture.store }) }))
    await put('a', 'm1')
    expect(await tail.reach(2)).toEqual(['event m1', 'stream 2 opened active'])
    const [first, second] = await fixture.claim()
    await fixture.store.finishRuns([finished(first!, true)], router)
    await fixture.store.failRun({ claim: second!, error: 'no', retryInMs: undefined })
    expect(await tail.reach(5)).toEqual([
      ...['event m1', 'stream 2 opened active', 'letter pipeline'],
      ...['stream 1 changed completed', 'stream 2 changed error'],
    ])
    expect(tail.messages[3]?.data).toMatchObject({
      distinguishing_traits: { host: 'before' },
      name: 'trigger',
    })
    expect(tail.messages[4]?.data).toMatchObject({ last_error: 'no', at: expect.any(String) })
    await fixture.store.resetStreams('error', 2)
    expect((await tail.reach(6)).at(-1)).toBe('stream 2 changed retry_fire')
  })

  test('tells the same as CloudEvents, each with the same id whoever asks', async () => {
    const url = await serveApi({ store: fixture.store })
    const secret = { type: 'text', value: 'hunter2' } as const
    await fixture.put(router, [
      event({ host: 'a', messageId: 'm1', eventType: END, traits: { password: secret } }),
    ])
    const [claim] = await fixture.claim()
    await fixture.store.finishRuns([finished(claim!)], router)
    await fixture.put(router, [event({ host: 'b', messageId: 'm2', eventType: END })])
    const [second] = await fixture.claim()
    await fixture.store.failRun({ claim: second!, error: 'password=hunter2', retryInMs: undefined })
    const told = await dataOf(`${url}/v1/tail?format=cloudevents&last_event_id=0-0-0-0`, 7)
    expect(told).toMatchObject([
      { source: 'urn:x-stacktach', id: 'm1', type: END, time: '2026-01-01T00:00:00.000000Z' },
      { source: 'urn:x-stacktach', id: 'm2', type: END, data: { host: { type: 'text', value: 'b' } } },
      { source: 'urn:x-stacktach:streams', id: '1-opened', type: 'stacktach.stream.opened', subject: '1' },
      { source: 'urn:x-stacktach:streams', id: '2-opened', type: 'stacktach.stream.opened', subject: '2' },
      { source: 'urn:x-stacktach:dead-letters', type: 'stacktach.dead_letter', data: { stage: 'pipeline' } },
      { type: 'stacktach.stream.changed', subject: '1', data: { state: 'completed' } },
      { type: 'stacktach.stream.changed', subject: '2', data: { state: 'error' } },
    ])
    for (const one of told)
      expect(one).toMatchObject({ specversion: '1.0', datacontenttype: 'application/json' })
    expect(JSON.stringify(told)).not.toContain('hunter2')
    expect(new Set(told.map(({ source, id }) => `${source} ${id}`)).size).toBe(7)
    expect(await dataOf(`${url}/v1/tail?format=cloudevents&last_event_id=1-1-0-0`, 5)).toEqual(
      told.filter(({ id }) => id !== 'm1' && id !== '1-opened'),
    )
    const refused = await fetch(`${url}/v1/tail?format=xml`)
    expect([refused.status, await refused.text()]).toMatchObject([400, expect.stringContaining('format')])
  })

  test('takes the filters of the lists', async () => {
    const client = createClient({ url: await serveApi({ store: fixture.store }) })
    const errors = await tailed(client, { state: 'error', distinguishingTraits: 'host:b*' })
    const events = await tailed(client, { eventName: '*.end', traits: 'host:a' })
    await fixture.put(router, [
      event({ host: 'a', messageId: 'm1', eventType: END }),
      event({ host: 'a', messageId: 'm2', eventType: 'other' }),
      event({ host: 'b', messageId: 'm3', eventType: END }),
    ])
    for (const claim of await fixture.claim())
      await fixture.store.failRun({ claim, error: 'no', retryInMs: undefined })
    expect(await errors.reach(1)).toEqual(['stream 2 changed error'])
    expect(await events.reach(1)).toEqual(['event m1'])
  })

  test('has no gap and no repeat over a restart of the API', async () => {
    const serve = async (port: number) => {
      const app = createApiApp({ store: fixture.store, logger: silentLogger })
      const service = createHttpService(app, { host: '127.0.0.1', port })
      await service.start()
      return service
    }
    const first = await serve(0)
    const { port } = first.address()
    const tail = await tailed(createClient({ url: `http://127.0.0.1:${port}`, retries: 0 }), {
      kinds: ['event'],
    })
    const names: string[] = []
    for (let n = 1; n <= 150; n++) {
      names.push(`event m${n}`)
      await put(`h${n % 7}`, `m${n}`)
      if (n === 50) await first.stop()
    }
    const second = await serve(port)
    onTestFinished(() => second.stop())
    await tail.reach(150)
    expect(tail.messages.map(short).filter((line) => line !== 'waiting')).toEqual(names)
  })

  test('says that changes are missing that were deleted meanwhile', async () => {
    const url = await serveApi({ store: fixture.store })
    for (const host of ['a', 'b', 'c', 'd']) await put(host, `m${host}`)
    const claims = await fixture.claim()
    for (const claim of claims) await fixture.store.finishRuns([finished(claim)], router)
    expect(await trimChanges(fixture.database.db, 1)).toBe(false)
    const tail = following(createClient({ url }), { kinds: ['stream'], after: '0-4-1-0' })
    expect(await tail.reach(2)).toEqual(['gap', 'stream 4 changed completed'])
  })

  test('says so of a reader that falls behind while it reads, and of one that began when there was none', async () => {
    const { store } = fixture
    const filter: TailFilter = {
      kinds: new Set(['stream']),
      ...{ events: {}, streams: { notState: 'active' }, letters: {} },
    }
    const reader = new TailReader(store, filter, tailMessages('rest'), await store.readTops())
    const read = async () => (await Array.fromAsync(reader.read(AbortSignal.timeout(60_000)))).map(whatOf)
    const change = async (number: number) => {
      const row = { stream_id: number, name: 't', state: 6, at: 1, traits: '{}', error: null }
      await fixture.database.db.insertInto('stream_change').values(row).execute()
    }
    await change(1)
    expect(await read()).toEqual(['stream 1'])
    for (let number = 2; number <= 9; number++) await change(number)
    await trimChanges(fixture.database.db, 3)
    expect(await read()).toEqual(['gap', 'stream 7', 'stream 8', 'stream 9'])
    for (let number = 10; number <= 200; number++) await change(number)
    await trimChanges(fixture.database.db, 2)
    const place = { ...reader.place, change: 0 }
    const late = new TailReader(store, filter, tailMessages('rest'), place)
    const said = await Array.fromAsync(late.read(AbortSignal.timeout(60_000)))
    expect(said.map(whatOf)).toEqual(['gap', 'stream 199', 'stream 200'])
  })

  test('refuses an id that is none', async () => {
    const url = await serveApi({ store: fixture.store })
    const response = await fetch(`${url}/v1/tail`, { headers: { 'last-event-id': 'x' } })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      detail: 'Last-Event-ID: "x" is not the id of a message of /v1/tail',
    })
  })
})

test.each([
  { of: 'another writer', lock: sql`select id from writer where name = 'other' for update` },
  { of: 'another lane', lock: sql`select id from writer where name = 'test' lock in share mode` },
])('changes of a late commit of $of are not jumped over', async ({ lock }) => {
  const [, { open }] = DATABASES as [unknown, (typeof DATABASES)[number]]
  const database = await open()
  const store = await createSqlStore(database, { writer: 'test', indexedTraits: ['host'] })
  onTestFinished(() => store.close())
  const arrivals = [event({ host: 'a', eventType: END })].map((one) => ({
    event: one,
    at: 0,
    keys: router.keysOf(one),
  }))
  await store.storeBatch({ arrivals, deadLetters: [] }, router)
  const other = { name: 'other', started_at: 0 }
  await database.db.insertInto('writer').values(other).execute()
  const [claim] = await store.claimStreams({
    kind: 'fire',
    now: LATER,
    limit: 1,
    worker: 'w',
    leaseMs: 60_000,
  })
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const late = database.db.transaction().execute(async (tx) => {
    await lock.execute(tx)
    const row = { stream_id: 99, name: 'late', state: 6, at: 1, traits: '{}', error: null }
    await tx.insertInto('stream_change').values(row).execute()
    begun.resolve()
    await gate.promise
  })
  await begun.promise
  await store.finishRuns([finished(claim!)], router)
  let isRead = false
  const reading = store.readTops().then((tops) => {
    isRead = true
    return tops
  })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(isRead).toBe(false)
  gate.resolve()
  await late
  const { change } = await reading
  expect((await store.listChanges({ after: 0, upTo: change }, 10)).map(({ stream }) => stream)).toEqual([
    99, 1,
  ])
})
