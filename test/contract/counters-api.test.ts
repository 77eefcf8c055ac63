import { describe, expect, test } from 'vitest'
import { createTallyKeeper } from '../../src/assembly/tally-keeper.ts'
import { createClient } from '../../src/client/client.ts'
import { TallyBook } from '../../src/domain/tally.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { createRouter } from '../../src/streams/router.ts'
import { serveApi } from '../support/api.ts'
import { DATABASES } from '../support/databases.ts'
import { event, routerOf } from '../support/events.ts'
import { finished, StoreFixture } from '../support/store-fixture.ts'

describe.each(DATABASES)('counters of $name', ({ open }) => {
  const fixture = new StoreFixture(open)

  test('add up over processes, and are listed the largest first', async () => {
    const [one, other] = [new TallyBook(), new TallyBook()]
    one.add('dropped', 'q', 'a.b')
    one.add('dropped', 'q', 'c.d', 5)
    other.add('dropped', 'q', 'a.b', 7)
    other.add('fire_time', 'day', '', 2, 3_000_000)
    await fixture.store.addTallies(one.take())
    await fixture.store.addTallies(other.take())
    await fixture.store.addTallies(other.take())
    const dropped = await fixture.store.listTallies(['dropped'], 10)
    expect(dropped).toMatchObject([
      { kind: 'dropped', name: 'q', detail: 'a.b', amount: 8 },
      { kind: 'dropped', name: 'q', detail: 'c.d', amount: 5 },
    ])
    expect(dropped[0]?.lastAt).toBeGreaterThanOrEqual(dropped[0]?.firstAt ?? Number.NaN)
    expect(await fixture.store.listTallies(['fire_time'], 10)).toMatchObject([
      { amount: 2, total: 3_000_000 },
    ])
    expect(await fixture.store.listTallies(['dropped'], 1)).toHaveLength(1)
  })

  test('are bounded in memory and in the database, and nothing is lost of their sums', async () => {
    for (let round = 0; round < 60; round++) {
      const book = new TallyBook()
      for (let n = 0; n < 300; n++) book.add('dropped', 'q', `type ${round} ${n}`)
      await fixture.store.addTallies(book.take())
    }
    const dropped = await fixture.store.listTallies(['dropped'], 100_000)
    expect(dropped.length).toBeLessThanOrEqual(10_000)
    expect(dropped[0]).toMatchObject({ detail: 'others' })
    expect(dropped.reduce((sum, { amount }) => sum + amount, 0)).toBe(60 * 300)
  })

  test('of triggers and dropped types are shown by the API', async () => {
    const book = new TallyBook()
    const { triggers } = routerOf({
      match_criteria: [{ event_type: 'test.*', traits: { host: { text: 'a' } } }],
    })
    const router = createRouter(triggers, { tally: book })
    await fixture.put(router, [
      event({ host: 'a', eventType: 'test.end' }),
      event({ host: 'b', eventType: 'test.end' }),
      event({ host: 'c', eventType: 'test.end' }),
      event({ host: 'd', eventType: 'other' }),
    ])
    book.add('dropped', 'q1', 'metrics.update', 3)
    book.add('fire_time', 'trigger', '', 2, 3_000_000)
    const keeper = createTallyKeeper({ book, store: fixture.store, logger: silentLogger })
    await keeper.start()
    await keeper.stop()
    const client = createClient({ url: await serveApi({ store: fixture.store, triggers }) })
    const [trigger] = await client.listTriggers()
    expect(trigger).toMatchObject({
      ...{ name: 'trigger', is_configured: true, distinguished_by: ['host'], fire_pipeline: 'fire' },
      ...{ matched: 1, mismatched: 2, misplaced: 0, ready: 1, fired: 0, mean_seconds_to_fire: 1.5 },
      mismatches: [{ reason: 'trait host is not "a"', count: 2 }],
      streams: { active: 1, completed: 0 },
    })
    expect(await client.listDropped()).toMatchObject([
      { queue: 'q1', event_type: 'metrics.update', count: 3 },
    ])
    expect(await client.listDropped({ queue: 'q2' })).toEqual([])
    const [claim] = await fixture.claim()
    await fixture.store.finishRuns([finished(claim!)], router)
  })
})
