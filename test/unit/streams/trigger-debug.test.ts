import { expect, test } from 'vitest'
import { triggerMetrics } from '../../../src/assembly/trigger-metrics.ts'
import { Metrics } from '../../../src/observe/metrics.ts'
import { createRouter } from '../../../src/streams/router.ts'
import { type CountsByTrigger, TriggerDebug } from '../../../src/streams/trigger-debug.ts'
import { at, event, routerOf } from '../../support/events.ts'

const AT = at('2026-01-01T00:00:00')

function debugged(...configs: Parameters<typeof routerOf>) {
  const { triggers } = routerOf(...configs)
  const counts: CountsByTrigger = {}
  const debug = new TriggerDebug(triggers, counts)
  return { router: createRouter(triggers, { debug }), counts, debug }
}

test('what triggers with a debug_level match is counted, with reasons at level 2', () => {
  const match_criteria = [{ event_type: 'x' }, { event_type: 'm', map_distinguished_by: { host: 'no' } }]
  const { router, counts } = debugged(
    { match_criteria, name: 'silent' },
    { match_criteria, name: 'one', debug_level: 1 },
    { match_criteria, name: 'two', debug_level: 2 },
  )
  for (const [eventType, host] of [
    ['x', 'h'],
    ['x', undefined],
    ['m', 'h'],
    ['y', 'h'],
  ] as const) {
    router.keysOf(event(host === undefined ? { eventType } : { eventType, host }))
  }
  const reasons = {
    'Wrong event type': 1,
    'distinguishing trait host is missing': 1,
    'trait no, mapped to host, is missing': 1,
  }
  expect(counts).toEqual({
    one: { criteria: { Match: { checks: 4, passed: 1, reasons: {} } }, counters: {} },
    two: { criteria: { Match: { checks: 4, passed: 1, reasons } }, counters: {} },
  })
})

test('streams that are opened, joined and ready are counted under the names of StackTach.v3', () => {
  const { router, counts } = debugged({ debug_level: 2, fire_criteria: [{ event_type: '*.end' }] })
  const arrivals = ['a.start', 'a.end', 'a.end'].map((eventType) => {
    const arrived = event({ eventType, host: 'h', timestamp: AT })
    return { event: arrived, at: AT, keys: router.keysOf(arrived) }
  })
  router.route(arrivals, new Map(), new Map(), 0)
  expect(counts.trigger?.counters).toEqual({ 'New stream': 1, 'Added events': 3, 'Ready to fire': 1 })
  expect(counts.trigger?.criteria.Fire).toEqual({
    checks: 2,
    passed: 1,
    reasons: { 'Not enough matching criteria': 1 },
  })
})

test('reasons without end are counted together', () => {
  const { debug, counts } = debugged({ debug_level: 2 })
  for (let index = 0; index < 150; index++) debug.check('trigger', 'Match', `reason ${index}`)
  const reasons = counts.trigger?.criteria.Match?.reasons ?? {}
  expect(Object.keys(reasons)).toHaveLength(101)
  expect(reasons['other reasons']).toBe(50)
})

test('a reason may have any name', () => {
  const { debug, counts } = debugged({ debug_level: 2 })
  for (const reason of ['constructor', 'constructor']) debug.check('trigger', 'Match', reason)
  expect(Object.entries(counts.trigger?.criteria.Match?.reasons ?? {})).toEqual([['constructor', 2]])
})

test('the counts are metrics', async () => {
  const { debug, counts } = debugged({ debug_level: 2 })
  debug.check('trigger', 'Match')
  debug.check('trigger', 'Match', 'Wrong event type')
  debug.bump('trigger', 'New stream')
  debug.bump('unknown', 'New stream')
  const metrics = new Metrics()
  triggerMetrics(metrics, () => counts)
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('stacktach_trigger_'))
  expect(lines).toEqual([
    'stacktach_trigger_checks_total{trigger="trigger",criteria="Match",outcome="passed"} 1',
    'stacktach_trigger_checks_total{trigger="trigger",criteria="Match",outcome="mismatch"} 1',
    'stacktach_trigger_mismatches_total{trigger="trigger",criteria="Match",reason="Wrong event type"} 1',
    'stacktach_trigger_debug_total{trigger="trigger",counter="New stream"} 1',
  ])
})
