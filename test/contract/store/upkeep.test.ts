import { beforeEach, describe, expect, test } from 'vitest'
import type { TrimPlace } from '../../../src/store/ports/upkeep.ts'
import type { Store } from '../../../src/store/store.ts'
import { DATABASES } from '../../support/databases.ts'
import { at, event, routerOf } from '../../support/events.ts'
import { NOW, PAGE, StoreFixture } from '../../support/store-fixture.ts'

describe.each(DATABASES)('store on $name: upkeep', ({ open }) => {
  const fixture = new StoreFixture(open)
  const { put } = fixture
  let store: Store
  beforeEach(() => {
    store = fixture.store
  })

  test('trimming takes old events that are in no stream', async () => {
    const router = routerOf({})
    const old = at('2025-01-01T00:00:00')
    await put(router, [event({ messageId: 'loose', timestamp: old }), event({ messageId: 'new' })])
    await put(router, [event({ messageId: 'held', host: 'a', timestamp: old })], old)
    expect(await store.trimEvents({ olderThan: NOW, limit: 10 })).toEqual({ trimmed: 1, after: undefined })
    expect(await store.findEvent('loose')).toBeUndefined()
    expect(await store.findEvent('held')).toBeDefined()
    expect(await store.trimEvents({ olderThan: NOW, limit: 10 })).toEqual({ trimmed: 0, after: undefined })
  })

  test('trimming goes on where it has come to, and passes over events that are kept', async () => {
    const router = routerOf({})
    const old = at('2025-01-01T00:00:00')
    // Of one time each two: what stands between two steps must not hang on their order.
    const time = (number: number) => old + Math.floor(number / 2)
    const kept = Array.from({ length: 1500 }, (_, n) => event({ host: 'kept', timestamp: time(n) }))
    const loose = Array.from({ length: 30 }, (_, n) => event({ timestamp: time(n * 51) }))
    await put(router, [...kept, ...loose], old)
    let trimmed = 0
    let after: TrimPlace | undefined
    let steps = 0
    do {
      const step = await store.trimEvents({ olderThan: NOW, limit: 7, after })
      trimmed += step.trimmed
      after = step.after
      steps++
    } while (after)
    expect(trimmed).toBe(30)
    expect(steps).toBeLessThan(9)
    expect(await store.countEvents({}, PAGE)).toBe(1500)
  })
})
