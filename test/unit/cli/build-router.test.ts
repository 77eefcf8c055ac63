import { expect, test } from 'vitest'
import { buildRouter } from '../../../src/cli/build-router.ts'
import { createConsumerCounters } from '../../../src/consumer/counters.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { event, routerOf } from '../../support/events.ts'

test('what triggers with a debug_level look at is counted', () => {
  const counters = createConsumerCounters()
  const criteria = {
    match_criteria: [{ event_type: 'x' }, { event_type: 'm', map_distinguished_by: { host: 'no' } }],
  }
  const { triggers } = routerOf(
    { ...criteria, name: 'silent' },
    { ...criteria, name: 'matches', debug_level: 1 },
    { ...criteria, name: 'all', debug_level: 2 },
  )
  const router = buildRouter(triggers, silentLogger, counters)
  for (const [eventType, host] of [
    ['x', 'h'],
    ['x', undefined],
    ['m', 'h'],
    ['y', 'h'],
  ] as const) {
    router.keysOf(event(host === undefined ? { eventType } : { eventType, host }))
  }
  expect(counters.triggers).toEqual({
    matches: { matched: 1, mismatched: 0, misplaced: 1 },
    all: { matched: 1, mismatched: 2, misplaced: 1 },
  })
  expect(counters.misplaced).toBe(3)
})
