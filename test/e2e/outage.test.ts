import { expect, test } from 'vitest'
import { describe as describeRun } from '../../src/notigen/description.ts'
import type { SimulationOptions } from '../../src/notigen/simulation.ts'
import { at } from '../support/events.ts'
import { countOnce, messagesOf } from '../support/outages/play.ts'
import { OUTAGES, playOn, withOutage } from '../support/outages/scenarios.ts'
import { asExpected } from '../support/outages/stream-facts.ts'
import { inOrder } from '../support/shipped-run.ts'

const CLOUD = {
  seed: 5,
  start: at('2026-01-01T23:00:00'),
  end: at('2026-01-05T04:00:00'),
  instances: 6,
  operationsPerHour: 0.25,
  trouble: { late: 0.05, outOfOrder: 0.05, duplicated: 0.1, malformed: 0.02 },
} satisfies SimulationOptions

/** test/long/outages.test.ts has more of them, and compares all that there is. */
test('consumers that are killed and down for three days of the wall clock change no stream', async () => {
  const options = { start: CLOUD.start, queues: 1, consumersPerQueue: 1, workers: 1 }
  const outage = OUTAGES['consumers down']({
    from: at('2026-01-02T01:00:00'),
    to: at('2026-01-05T01:00:00'),
  })
  const messages = messagesOf(CLOUD, options.queues)
  const { facts, archived } = await playOn('short', options, (play) => withOutage(play, messages, outage))
  const { expected, events } = describeRun(CLOUD)
  expect(expected.length).toBeGreaterThan(15)
  expect(inOrder(facts.map(asExpected))).toEqual(inOrder(expected))
  expect(archived.size).toBeGreaterThanOrEqual(events)
  expect(countOnce(messages)).toBeGreaterThan(events)
})
