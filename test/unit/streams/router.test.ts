import { expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import type { Arrival, StreamDraft } from '../../../src/domain/routing.ts'
import type { Stream } from '../../../src/domain/stream.ts'
import { createRouter, type TriggerRouter } from '../../../src/streams/router.ts'
import { at, event, routerOf } from '../../support/events.ts'

const NOW = at('2026-01-01T00:00:00')

function arrive(router: TriggerRouter, events: readonly Event[], now = NOW): Arrival[] {
  return events.map((one) => ({ event: one, at: now, keys: router.keysOf(one) }))
}

function stored(draft: StreamDraft, id: number): Stream {
  return { ...draft, id, stateSerialNo: 0, attempts: 0, lastError: null }
}

test('events of one key make one draft, in order of arrival', () => {
  const router = routerOf({})
  const drafts = router.route(
    arrive(router, [event({ host: 'a' }), event({ host: 'b' }), event({ host: 'a' })]),
    new Map(),
    new Map(),
    0,
  )
  expect(drafts.map(({ joined, eventCount }) => [joined, eventCount])).toEqual([
    [[0, 2], 2],
    [[1], 1],
  ])
})

test('the fire time is set once, when the last criterion is met', () => {
  const router = routerOf({
    fire_criteria: [{ event_type: 'a' }, { event_type: 'b', number: 2 }],
    fire_delay: 5,
  })
  const types = ['b', 'a', 'b', 'b', 'a']
  const arrivals = types.map((eventType, index) => ({
    ...(arrive(router, [event({ host: 'h', eventType })])[0] as Arrival),
    at: NOW + index,
  }))
  const [draft] = router.route(arrivals, new Map(), new Map(), 0)
  expect(draft?.fireTimestamp).toBe(NOW + 2 + 5_000_000)
})

test('a stored stream goes on with its counts', () => {
  const router = routerOf({ fire_criteria: [{ event_type: 'b', number: 2 }] })
  const first = arrive(router, [event({ host: 'h', eventType: 'b' })])
  const [draft] = router.route(first, new Map(), new Map(), 0)
  const stream = stored(draft as StreamDraft, 1)
  expect(router.isStale(stream)).toBe(false)
  const open = new Map([[(draft as StreamDraft).key.hash, stream]])
  const [next] = router.route(arrive(router, [event({ host: 'h', eventType: 'b' })]), open, new Map(), 0)
  expect(next).toMatchObject({ id: 1, eventCount: 2, fireTimestamp: NOW })
})

test('changed criteria make a stream stale; both counts live side by side', () => {
  const before = routerOf({ fire_criteria: [{ event_type: 'b' }] })
  const after = routerOf({ fire_criteria: [{ event_type: 'c', number: 2 }] })
  const past = event({ host: 'h', eventType: 'c' })
  const [draft] = before.route(arrive(before, [past]), new Map(), new Map(), 0)
  const stream = stored(draft as StreamDraft, 1)
  expect(after.isStale(stream)).toBe(true)
  const open = new Map([[(draft as StreamDraft).key.hash, stream]])
  const pasts = new Map([[1, [past]]])
  const [next] = after.route(arrive(after, [event({ host: 'h', eventType: 'c' })]), open, pasts, 0)
  expect(next).toMatchObject({ fireTimestamp: NOW })
  expect(Object.keys(next?.progress ?? {})).toHaveLength(2)
})

test('a changed number alone counts nothing again', () => {
  const before = routerOf({ fire_criteria: [{ event_type: 'b', number: 5 }] })
  const [draft] = before.route(
    arrive(before, [event({ host: 'h', eventType: 'b' })]),
    new Map(),
    new Map(),
    0,
  )
  expect(
    routerOf({ fire_criteria: [{ event_type: 'b', number: 1 }] }).isStale(stored(draft as StreamDraft, 1)),
  ).toBe(false)
})

test('an expiration that cannot be computed keeps the event out and tells why', () => {
  const router = routerOf({ expiration: '$nosuch + 1h' })
  expect(router.route(arrive(router, [event({ host: 'h' })]), new Map(), new Map(), 0)).toEqual([])
})

test('a stream whose traits are not those of the key takes no event of it', () => {
  const router = routerOf({})
  const arrivals = arrive(router, [event({ host: 'h' })])
  const [draft] = router.route(arrivals, new Map(), new Map(), 0)
  const other = {
    ...stored(draft as StreamDraft, 1),
    distinguishingTraits: { host: { type: 'text', value: 'x' } },
  } as const
  const open = new Map([[(draft as StreamDraft).key.hash, other]])
  expect(router.route(arrivals, open, new Map(), 0)).toMatchObject([{ id: undefined }])
})

test.each([
  [0, []],
  [1, ['a joins 7, lacks 0']],
  [2, ['a does not match', 'a joins 7, lacks 1']],
])('at debug_level %i it reports %j', (debug_level, expected) => {
  const reports: string[] = []
  const { triggers } = routerOf({
    debug_level,
    match_criteria: [{ event_type: 'a', traits: { host: 'h' } }],
    fire_criteria: [{ event_type: 'b' }],
  })
  const router = createRouter(triggers, {
    onMismatch: (_trigger, { eventType }) => reports.push(`${eventType} does not match`),
    onJoined: (_trigger, { eventType }, { id, missing }) =>
      reports.push(`${eventType} joins ${id}, lacks ${missing.length}`),
  })
  const arrivals = ['h', 'other'].map((host) => {
    const arrived = event({ eventType: 'a', host })
    return { event: arrived, at: arrived.timestamp, keys: router.keysOf(arrived) }
  })
  const drafts = router.route(arrivals, new Map(), new Map(), 0)
  router.saved?.(
    drafts.map((draft) => ({ draft, id: 7 })),
    arrivals,
  )
  expect(reports).toEqual(expected)
})
