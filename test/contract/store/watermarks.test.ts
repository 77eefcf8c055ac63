import { beforeEach, describe, expect, test } from 'vitest'
import type { NumberedReports, QueueReports } from '../../../src/store/ports/watermarks.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import type { Store } from '../../../src/store/store.ts'
import { DATABASES } from '../../support/databases.ts'
import { event, routerOf } from '../../support/events.ts'
import { LATER, NOW, PAGE, StoreFixture } from '../../support/store-fixture.ts'

const queuesAt = (at: number | null): QueueReports => ({
  'monitor.info': { at, since: NOW, why: at === null ? null : 'backlog' },
})
let reported = 0
const reports =
  (at: number | null, number = ++reported) =>
  (): NumberedReports => ({ number, queues: queuesAt(at) })

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
    expect(written).toMatchObject({ name: 'test', queues: queuesAt(NOW) })
    expect(written?.ageMs).toBeGreaterThanOrEqual(0)
    await store.report(reports(null))
    await store.storeBatch({ arrivals: [], deadLetters: [] }, routerOf())
    expect(await store.readReports()).toMatchObject([{ queues: queuesAt(null) }])
  })

  test('of reports that cross the later one stays, and one that was deleted comes back', async () => {
    await store.report(reports(null, 1000))
    await store.report(reports(NOW, 999))
    const [written] = await store.readReports()
    expect(written?.queues).toEqual(queuesAt(null))
    await fixture.database.db.deleteFrom('writer').execute()
    await store.storeBatch({ arrivals: [], deadLetters: [], reports: reports(NOW, 1001) }, routerOf())
    expect(await store.readReports()).toMatchObject([{ name: 'test', queues: queuesAt(NOW) }])
  })

  test('the positions of a consumer stay when it ends, until they are forgotten', async () => {
    const other = await createSqlStore(fixture.database, { writer: 'other' })
    await other.report(reports(NOW))
    const [left] = await store.readReports()
    // The database is shared here, and closed by the fixture.
    expect(left).toMatchObject({ name: 'other' })
    // It has reported a moment ago: neither is done.
    await store.forgetReports([left?.writer ?? 0])
    await store.forgetQueue('monitor.info')
    expect(await store.readReports()).toHaveLength(1)
    const old = { heard_at: 1 }
    await fixture.database.db.updateTable('writer').set(old).where('name', '=', 'other').execute()
    await store.forgetQueue('another')
    expect(await store.readReports()).toHaveLength(1)
    await store.forgetQueue('monitor.info')
    expect(await store.readReports()).toEqual([])
    await other.report(reports(NOW))
    await fixture.database.db.updateTable('writer').set(old).where('name', '=', 'other').execute()
    const [again] = await store.readReports()
    await store.forgetReports([again?.writer ?? 0])
    expect(await store.readReports()).toEqual([])
  })

  test('a stream that is due to fire and to expire runs for what was due first', async () => {
    const router = routerOf({
      fire_criteria: [{ event_type: '*.end' }],
      fire_delay: 60,
      expiration: '$last + 1h',
    })
    const arrival = (host: string, eventType: string) => {
      const one = event({ messageId: host, host, eventType })
      return { event: one, at: NOW, keys: router.keysOf(one) }
    }
    const arrivals = [arrival('fires', 'x.end'), arrival('expires', 'x.start')]
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
    const request = { now: LATER, limit: 10, worker: 'w', leaseMs: 60_000, isFirstDue: true } as const
    const claimed = async (kind: 'fire' | 'expire') =>
      (await store.claimStreams({ ...request, kind })).map(({ stream }) => stream.distinguishingTraits.host)
    expect(await claimed('expire')).toEqual([{ type: 'text', value: 'expires' }])
    expect(await claimed('fire')).toEqual([{ type: 'text', value: 'fires' }])
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
