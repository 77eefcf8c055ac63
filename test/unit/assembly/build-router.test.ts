import { expect, test } from 'vitest'
import { buildRouter } from '../../../src/assembly/build-router.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { event, routerOf } from '../../support/events.ts'

test('events that match and can join no stream are counted', () => {
  const counters = { misplaced: 0 }
  const { triggers } = routerOf({
    match_criteria: [{ event_type: 'm', map_distinguished_by: { host: 'no' } }],
  })
  const router = buildRouter(triggers, silentLogger, counters)
  for (const eventType of ['m', 'y', 'm']) router.keysOf(event({ eventType, host: 'h' }))
  expect(counters.misplaced).toBe(2)
})
