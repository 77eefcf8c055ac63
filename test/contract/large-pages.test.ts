import { expect, onTestFinished, test } from 'vitest'
import type { StoredEvent } from '../../src/domain/event.ts'
import type { EventFilter, Page } from '../../src/store/ports/queries.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { serveApi } from '../support/api.ts'
import { DATABASES } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const MB = 1_000_000
const COUNT = 24

/** Events of half a megabyte each but for every fifth, which is small, and one of 5 MB. */
async function storeOf(open: (typeof DATABASES)[number]['open']): Promise<Store> {
  const store = await createSqlStore(await open(), { writer: 'test', indexedTraits: ['host'] })
  onTestFinished(() => store.close())
  const router = routerOf({ distinguished_by: ['host', 'text'] })
  for (let index = 0; index < COUNT; index++) {
    const size = index === 7 ? 5 * MB : index % 5 === 0 ? 10 : MB / 2
    const one = event({
      messageId: `m${index}`,
      host: 'h',
      eventType: 'a',
      timestamp: NOW + index,
      traits: {
        text: { type: 'text', value: `${String.fromCharCode(97 + index)}é`.padEnd(size, 'x') },
        kind: { type: 'text', value: 'big' },
      },
    })
    const arrivals = [{ event: one, at: NOW, keys: router.keysOf(one) }]
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
  }
  return store
}

const FILTERS: readonly (readonly [string, EventFilter])[] = [
  ['all', {}],
  ['by type', { eventType: 'a' }],
  ['by time', { from: NOW - 1, to: NOW + COUNT }],
  ['by an indexed trait', { traits: [{ name: 'host', values: [{ type: 'text', value: 'h' }] }] }],
  ['by another trait', { traits: [{ name: 'kind', values: [{ type: 'text', value: 'big' }] }] }],
]

const sizeOf = (traits: object) => JSON.stringify(traits).length

async function pages<T extends { readonly id: number }>(
  list: (page: Page) => Promise<T[]>,
  ascending: boolean,
): Promise<T[][]> {
  const found: T[][] = []
  for (let mark: number | undefined; ; mark = found.at(-1)?.at(-1)?.id) {
    const rows = await list({ limit: 1000, mark, ascending, maxBytes: 2 * MB })
    if (rows.length === 0) return found
    found.push(rows)
  }
}

test.each(DATABASES)(
  'pages of $name end where they come to too many bytes, and the next goes on without a gap',
  async ({ open }) => {
    const store = await storeOf(open)
    const whole: Page = { limit: 1000, mark: undefined, ascending: true }
    const all = await store.listEvents({}, whole)
    expect(all).toHaveLength(COUNT)
    const streams = await store.listStreams({}, whole)
    expect(streams).toHaveLength(COUNT)
    for (const ascending of [true, false]) {
      const ordered = <T>(rows: readonly T[]) => (ascending ? rows : rows.toReversed())
      for (const [name, filter] of ascending ? FILTERS : FILTERS.slice(2, 4)) {
        const found = await pages((page) => store.listEvents(filter, page), ascending)
        const plain = (rows: readonly StoredEvent[]) => rows.map(({ id, traits }) => ({ id, traits }))
        expect(plain(found.flat()), name).toEqual(plain(ordered(all)))
        for (const page of found)
          if (page.length > 1)
            expect(page.reduce((sum, { traits }) => sum + sizeOf(traits), 0)).toBeLessThan(2.2 * MB)
        expect(found.length).toBeLessThan(COUNT)
      }
      for (const traits of [undefined, FILTERS[3]?.[1].traits]) {
        const found = await pages((page) => store.listStreams({ traits }, page), ascending)
        expect(found.flat()).toEqual(ordered(streams))
        expect(found.length).toBeGreaterThan(3)
      }
    }
    expect(await store.countEvents(FILTERS[4]?.[1] ?? {}, whole)).toBe(COUNT)
    const [first] = streams
    expect(await store.findStream(first?.id ?? 0)).toEqual(first)
    const held: number[] = []
    const admit = async (bytes: number) => void held.push(bytes)
    expect((await store.findEvent('m7', { admit }))?.traits).toEqual(all[7]?.traits)
    expect(held).toEqual([expect.toSatisfy((bytes: number) => bytes > 5 * MB)])
  },
)

test.each(DATABASES)('a stream of $name is read in portions, in its order', async ({ open }) => {
  const store = await createSqlStore(await open(), { writer: 'test' })
  onTestFinished(() => store.close())
  const router = routerOf({ distinguished_by: ['host'], expiration: '$last + 3000d' })
  const events = Array.from({ length: 1100 }, (_, index) =>
    event({
      messageId: `m${index}`,
      host: 'h',
      timestamp: NOW + ((index * 7) % 1100),
      traits: { text: { type: 'text', value: 'y'.repeat(index % 100 === 0 ? MB : 5) } },
    }),
  )
  for (let start = 0; start < events.length; start += 100) {
    const arrivals = events
      .slice(start, start + 100)
      .map((one) => ({ event: one, at: NOW, keys: router.keysOf(one) }))
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
  }
  const portions: StoredEvent[][] = []
  for await (const portion of store.eventsOfStream(1, {})) portions.push(portion)
  const whole = (await store.eventsOfStreams([1])).get(1) ?? []
  expect(portions.flat().map(({ messageId }) => messageId)).toEqual(whole.map(({ messageId }) => messageId))
  expect(whole).toHaveLength(1100)
  for (const portion of portions) expect(sizeOf(portion)).toBeLessThan(5 * MB)
  const url = await serveApi({ store })
  const [shown] = (await (await fetch(`${url}/v1/streams/1?details=true`)).json()) as [
    { events: { message_id: string }[] },
  ]
  expect(shown.events.map(({ message_id }) => message_id)).toEqual(whole.map(({ messageId }) => messageId))
})

test.each(DATABASES)('lists of the API over $name end early and say where they go on', async ({ open }) => {
  const store = await storeOf(open)
  const url = await serveApi({ store })
  const seen: string[] = []
  let where = '/v1/events?event_name=a&limit=1000'
  let pageCount = 0
  for (; ; pageCount++) {
    const response = await fetch(`${url}${where}`)
    const text = await response.text()
    const rows = JSON.parse(text) as { message_id: string; _mark: string }[]
    if (rows.length === 0) break
    expect(text.length).toBeLessThan(rows.length === 1 ? 6 * MB : 4.5 * MB)
    seen.push(...rows.map(({ message_id }) => message_id))
    const next = /^<(\?[^>]*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1] ?? ''
    expect(new URLSearchParams(next).get('mark')).toBe(rows.at(-1)?._mark)
    expect(new URLSearchParams(next).get('event_name')).toBe('a')
    where = `/v1/events${next}`
  }
  expect(pageCount).toBeGreaterThan(3)
  expect(seen).toEqual(Array.from({ length: COUNT }, (_, index) => `m${COUNT - 1 - index}`))
})
