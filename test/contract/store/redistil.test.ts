import { beforeEach, describe, expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import { IdSet } from '../../../src/domain/id-set.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import type { Store } from '../../../src/store/store.ts'
import { DATABASES } from '../../support/databases.ts'
import { at, event, routerOf } from '../../support/events.ts'
import { PAGE, StoreFixture } from '../../support/store-fixture.ts'

const text = (value: string) => ({ type: 'text' as const, value })
const int = (value: number) => ({ type: 'int' as const, value })
const withHost = (name: string, value: string) => [{ name, values: [text(value)] }]

describe.each(DATABASES)('store on $name: distilling again', ({ open }) => {
  const fixture = new StoreFixture(open)
  const { put } = fixture
  let store: Store
  beforeEach(() => {
    store = fixture.store
  })

  test('events get the traits that they are given, and say what has changed', async () => {
    const router = routerOf({})
    const one = event({ host: 'a', traits: { cpu: text('4'), old: int(1), same: int(2) } })
    const other = event({ host: 'b' })
    await put(router, [one, other])
    const before = await store.listStreams({}, PAGE)
    const changed = { ...one, traits: { host: text('c'), cpu: int(4), new: text('x'), same: int(2) } }
    expect(await store.redistil([changed, other, event({ messageId: 'nobody' })], new IdSet())).toEqual({
      found: 2,
      changed: 1,
      missing: ['nobody'],
      added: { new: 1 },
      retyped: { cpu: 1 },
      revalued: { host: 1 },
      removed: { old: 1 },
    })
    expect((await store.findEvent(one.messageId))?.traits).toEqual(changed.traits)
    expect(await store.listStreams({}, PAGE)).toEqual(before)
    expect(await store.redistil([changed], new IdSet())).toMatchObject({ found: 1, changed: 0 })
  })

  test('the index of traits follows', async () => {
    const one = event({ host: 'a' })
    await put(routerOf({}), [one])
    await store.redistil([{ ...one, traits: { host: text('b') } }], new IdSet())
    expect(await store.countEvents({ traits: withHost('host', 'a') }, PAGE)).toBe(0)
    expect(await store.listEvents({ traits: withHost('host', 'b') }, PAGE)).toHaveLength(1)
    const rows = await fixture.database.db.selectFrom('event_trait').selectAll().execute()
    expect(rows).toHaveLength(1)
  })

  test('an event of a far year keeps what the double of its time lacks', async () => {
    const one = event({ host: 'a', timestamp: at('9000-01-01T00:00:00.000001'), timestampRest: 1 })
    await put(routerOf({}), [one])
    await store.redistil([{ ...one, traits: { host: text('a'), new: int(1) } }], new IdSet())
    expect(await store.findEvent(one.messageId)).toMatchObject({ timestampRest: 1, traits: { new: int(1) } })
  })

  test('older events come into the index of a trait that is indexed later, step by step', async () => {
    const router = routerOf({})
    await put(
      router,
      Array.from({ length: 25 }, (_, n) => event({ host: 'a', traits: { rack: text(`r${n % 2}`) } })),
    )
    const later = await createSqlStore(fixture.database, { writer: 'later', indexedTraits: ['host', 'rack'] })
    const fromOf = async () => {
      const rows = await fixture.database.db.selectFrom('indexed_trait').selectAll().execute()
      return rows.find(({ name }) => name === 'rack')?.from_id
    }
    expect(await fromOf()).toBe(26)
    const looked: (number | undefined)[] = []
    do looked.push(await later.indexOlder(10))
    while (looked.at(-1) !== undefined)
    expect(looked).toEqual([10, 10, 5, undefined])
    expect(await fromOf()).toBe(0)
    expect(await later.countEvents({ traits: withHost('rack', 'r1') }, PAGE)).toBe(12)
    const rows = await fixture.database.db.selectFrom('event_trait').selectAll().execute()
    expect(rows).toHaveLength(50)
  })

  test('a consumer that stores meanwhile, the same events too, loses and repeats nothing', async () => {
    const router = routerOf({})
    const make = (n: number, traits: Event['traits']): Event =>
      event({ messageId: `e${n}`, host: `h${n % 7}`, traits })
    const first = Array.from({ length: 300 }, (_, n) => make(n, { v: int(1) }))
    await put(router, first)
    const other = await createSqlStore(fixture.database, { writer: 'redistil', indexedTraits: ['host', 'v'] })
    const storing = async () => {
      for (let n = 200; n < 700; n += 20)
        await put(
          router,
          Array.from({ length: 40 }, (_, i) => make(n + i, { v: int(1) })),
        )
    }
    const changing = async () => {
      for (let n = 0; n < 300; n += 30)
        await other.redistil(
          Array.from({ length: 30 }, (_, i) => make(n + i, { v: int(2), w: text('new') })).reverse(),
          new IdSet(),
        )
      while ((await other.indexOlder(50)) !== undefined);
    }
    await Promise.all([storing(), changing()])
    const events = await store.listEvents({}, { ...PAGE, limit: 1000 })
    expect(events).toHaveLength(720)
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(720)
    expect(events.filter(({ traits }) => traits.v?.value === 2)).toHaveLength(300)
    while ((await other.indexOlder(500)) !== undefined);
    const v2 = { name: 'v', values: [int(2)] }
    expect(await other.countEvents({ traits: [v2] }, PAGE)).toBe(300)
    expect(await store.countEvents({ traits: withHost('host', 'h3') }, PAGE)).toBe(
      events.filter(({ traits }) => traits.host?.value === 'h3').length,
    )
  })
})
