import { beforeEach, describe, expect, test } from 'vitest'
import type { QueueReports } from '../../../src/store/ports/watermarks.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import type { Store } from '../../../src/store/store.ts'
import { DATABASES } from '../../support/databases.ts'
import { event, routerOf } from '../../support/events.ts'
import { LATER, NOW, PAGE, StoreFixture } from '../../support/store-fixture.ts'

const reports = (at: number | null): QueueReports => ({
  'monitor.info': { at, since: NOW, why: at === null ? null : 'backlog' },
})

describe.each(DATABASES)('store on $name: watermarks', ({ open }) => {
  const fixture = new StoreFixture(open)
  const { claim, states } = fixture
  let store: Store
  beforeEach(() => {
    store = fixture.store
  })

  test('positions are stored with a batch, by themselves, and not at all', async () => {
    expect(await store.readReports()).toEqual([])
    await store.storeBatch({ arrivals: [], deadLetters: [], reports: reports(NOW) }, routerOf())
    const [written] = await store.readReports()
    expect(written).toMatchObject({ name: 'test', queues: reports(NOW) })
    expect(written?.ageMs).toBeGreaterThanOrEqual(0)
    await store.report(reports(null))
    await store.storeBatch({ arrivals: [], deadLetters: [] }, routerOf())
    expect(await store.readReports()).toMatchObject([{ queues: reports(null) }])
  })

  test('the positions of a consumer stay when it ends, until they are forgotten', async () => {
    const other = await createSqlStore(fixture.database, { writer: 'other' })
    await other.report(reports(NOW))
    const [left] = await store.readReports()
    // The database is shared here, and closed by the fixture.
    expect(left).toMatchObject({ name: 'other' })
    await store.forgetReports([left?.writer ?? 0])
    expect(await store.readReports()).toEqual([])
  })

  test('a stream that is due by the wall clock is not claimed when its batch has stored who holds the clock', async () => {
    const router = routerOf({ fire_criteria: [], expiration: '$last + 1h' })
    const arrival = (messageId: string) => {
      const one = event({ messageId, host: messageId })
      return { event: one, at: NOW, keys: router.keysOf(one) }
    }
    const batch = { arrivals: [arrival('a')], deadLetters: [], reports: reports(NOW) }
    await store.storeBatch(batch, router)
    const dueBefore = (read: readonly { readonly queues: QueueReports }[]) =>
      read[0]?.queues['monitor.info']?.at ?? LATER
    const request = {
      kind: 'expire',
      now: LATER,
      limit: 10,
      worker: 'w',
      leaseMs: 60_000,
      dueBefore,
    } as const
    expect(await store.claimStreams(request)).toEqual([])
    expect(await states()).toEqual(['active'])
    await store.storeBatch({ ...batch, arrivals: [], reports: reports(null) }, router)
    expect(await store.claimStreams(request)).toHaveLength(1)
    expect(await claim('expire')).toEqual([])
    expect(await store.listStreams({}, PAGE)).toHaveLength(1)
  })
})
