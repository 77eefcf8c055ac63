import { expect, test } from 'vitest'
import { describe as describeRun } from '../../src/notigen/description.ts'
import { type SimulationOptions, simulate } from '../../src/notigen/simulation.ts'
import { USAGE_CODES } from '../../src/notigen/usage-orders.ts'
import { deleteQueue, deployShipped } from '../support/deploy.ts'
import { at } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'
import { inOrder, runShipped, streamsOf } from '../support/shipped-run.ts'
import { completeAll, flagsOf } from '../support/simulated-deployment.ts'

const RUN: SimulationOptions = {
  seed: 4,
  start: at('2026-01-01T00:00:00'),
  end: at('2026-01-03T00:00:00'),
  instances: 150,
  operationsPerHour: 25,
}

const EVERY_CODE = {
  U0: 0.15,
  U1: 0.15,
  U2: 0.3,
  U3: 0.15,
  U4: 0.15,
  U5: 0.15,
  U6: 0.3,
  U7: 0.3,
  U8: 0.3,
  warning: 0.1,
}

const EVERY_TROUBLE = {
  missing: 0.02,
  late: 0.05,
  overdue: 0.01,
  outOfOrder: 0.05,
  duplicated: 0.05,
  retimed: 0.02,
  contradictory: 0.01,
  malformed: 0.02,
}

const RUNS: readonly (readonly [string, SimulationOptions])[] = [
  ['nothing in trouble', RUN],
  ['every code of usage ordered', { ...RUN, trouble: EVERY_CODE }],
  ['every kind of message in trouble', { ...RUN, trouble: EVERY_TROUBLE }],
  ['both, in envelopes', { ...RUN, seed: 5, format: 'v2', trouble: { ...EVERY_CODE, ...EVERY_TROUBLE } }],
  [
    'a time of two part days',
    { ...RUN, start: at('2026-01-01T13:00:00'), end: at('2026-01-03T05:00:00'), trouble: EVERY_CODE },
  ],
  ['both, versioned', { ...RUN, format: 'versioned', trouble: { ...EVERY_CODE, ...EVERY_TROUBLE } }],
]

test.each(RUNS)('what comes out is what the description says: %s', async (_, options) => {
  const described = describeRun(options)
  const run = await runShipped(simulate(options))
  expect(run.missed).toBe(0)
  expect(run.refused).toBe(described.deadLetters)
  expect(run.events).toBe(described.events)
  expect(inOrder(run.streams)).toEqual(inOrder(described.expected))
})

test.each([
  [7, 'U5', 'deleted before midnight, delete.end after it'],
  [48, 'U8', 'nothing between the exists of an operation and midnight'],
] as const)('an operation across midnight, seed %i: %s, %s', async (seed, code, _) => {
  const start = at('2026-01-01T23:55:00')
  const end = at('2026-01-02T00:00:00')
  const options = { seed, start, end, instances: 300, operationsPerHour: 6000 }
  const { expected, usage } = describeRun(options)
  expect(usage?.[code]).toBe(1)
  expect(inOrder((await runShipped(simulate(options))).streams)).toEqual(inOrder(expected))
})

test.each(USAGE_CODES)('%s appears as much more often as it was ordered', (code) => {
  const calm = describeRun(RUN)
  const { ordered, usage } = describeRun({ ...RUN, trouble: { [code]: 0.3 } })
  expect(ordered[code]).toBeGreaterThan(0)
  expect((usage?.[code] ?? 0) - (calm.usage?.[code] ?? 0)).toBe(ordered[code])
  expect(Object.keys(ordered)).toEqual([code])
})

test('all codes ordered together appear as often as ordered', () => {
  const natural = describeRun(RUN).usage ?? {}
  const { ordered, usage } = describeRun({ ...RUN, trouble: EVERY_CODE })
  expect(Object.keys(ordered).sort()).toEqual([...USAGE_CODES].sort())
  for (const code of USAGE_CODES) {
    expect((usage?.[code] ?? 0) - (natural[code] ?? 0), code).toBe(ordered[code])
  }
})

// Which copy of a retimed one is stored, and which stream an overdue one meets, is open with two of each.
const REAL_RUN = {
  ...RUN,
  end: at('2026-01-02T12:00:00'),
  trouble: {
    ...EVERY_CODE,
    missing: 0.02,
    late: 0.05,
    outOfOrder: 0.05,
    duplicated: 0.05,
    contradictory: 0.01,
    malformed: 0.02,
  },
} satisfies SimulationOptions

test('RabbitMQ, two consumers, MariaDB and two workers make of a run what its description says', async () => {
  const folder = temporaryFolder()
  const described = describeRun(REAL_RUN)
  const deployment = await deployShipped(folder, 'e2e.simulator')
  try {
    await deployment.generate(flagsOf(REAL_RUN))
    await deployment.settled(described.events)
    await completeAll(deployment, folder, REAL_RUN.end)
    expect(inOrder(await streamsOf(deployment.store))).toEqual(inOrder(described.expected))
    expect(await deployment.countIncoming()).toBe(described.events + 1)
    expect(
      await deployment.store.listDeadLetters({}, { limit: 100_000, mark: undefined, ascending: false }),
    ).toHaveLength(described.deadLetters)
  } finally {
    expect(await deployment.stop()).toEqual([0, 0, 0, 0])
    await deleteQueue('e2e.simulator')
  }
})
