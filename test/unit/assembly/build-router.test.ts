import { expect, test } from 'vitest'
import { buildRouter } from '../../../src/assembly/build-router.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { event, routerOf } from '../../support/events.ts'
import { openTestStore } from '../../support/worker.ts'

test('events that match and can join no stream are counted', () => {
  const counters = { misplaced: 0 }
  const { triggers } = routerOf({
    match_criteria: [{ event_type: 'm', map_distinguished_by: { host: 'no' } }],
  })
  const router = buildRouter(triggers, silentLogger, counters)
  for (const eventType of ['m', 'y', 'm']) router.keysOf(event({ eventType, host: 'h' }))
  expect(counters.misplaced).toBe(2)
})

test('at debug_level 2 the log says which stream an event joins, what it lacks, and why others do not match', async () => {
  const { triggers } = routerOf({
    debug_level: 2,
    match_criteria: [{ event_type: 'a.*', traits: { state: 'active' } }],
    fire_criteria: [{ event_type: 'a.end' }, { event_type: 'a.step', number: 2 }],
  })
  const lines: string[] = []
  const logger = { ...silentLogger, info: (_facts: object, line: string) => lines.push(line) }
  const store = await openTestStore()
  const router = buildRouter(triggers, logger as typeof silentLogger, { misplaced: 0 })
  const arrivals = ['a.step', 'a.end', 'b.step', 'a.step'].map((eventType, index) => {
    const state = index === 3 ? 'activ' : 'active'
    const arrived = event({
      eventType,
      messageId: `m${index}`,
      host: 'h',
      traits: { state: { type: 'text', value: state } },
    })
    return { event: arrived, at: arrived.timestamp, keys: router.keysOf(arrived) }
  })
  await store.storeBatch({ arrivals, deadLetters: [] }, router)
  expect(lines).toEqual([
    'a.step does not match: trait state is not "active"',
    'a.step joins stream 1, which is not ready: 1 of 2 {event_type: a.step}',
    'a.end joins stream 1, which is not ready: 1 of 2 {event_type: a.step}',
  ])
})
