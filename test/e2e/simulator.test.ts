import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MICROS_PER_HOUR } from '../../src/domain/time.ts'
import { describe as describeRun } from '../../src/notigen/description.ts'
import type { UsageRules } from '../../src/notigen/expected/usage-result.ts'
import { type SimulationOptions, simulate } from '../../src/notigen/simulation.ts'
import { USAGE_CODES } from '../../src/notigen/trouble/usage-orders.ts'
import { copyConfig } from '../support/copy-config.ts'
import { at } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'
import { deleteQueue, deployShipped } from '../support/servers/deploy.ts'
import { completeAll, flagsOf } from '../support/servers/simulated-deployment.ts'
import type { Variation } from '../support/shipped.ts'
import { byDay, inOrder, runShipped, streamsOf } from '../support/shipped-run.ts'

const RUN: SimulationOptions = {
  seed: 4,
  start: at('2026-01-01T00:00:00'),
  end: at('2026-01-03T00:00:00'),
  instances: 150,
  operationsPerHour: 25,
}

/** For what needs no more to be seen. */
const SMALL_RUN = { ...RUN, instances: 60, operationsPerHour: 10 }

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

const BOTH = { ...EVERY_CODE, ...EVERY_TROUBLE }
const FROM_EIGHT = { unit: 'day', dayBegins: 8 * MICROS_PER_HOUR } as const
const HOURLY = { unit: 'hour', dayBegins: 0 } as const

/** Machines differ. */
const TIMEOUT_MS = 400_000

const RUNS: readonly (readonly [string, SimulationOptions, Variation?])[] = [
  ['nothing in trouble', SMALL_RUN],
  ['every code of usage ordered', { ...RUN, trouble: EVERY_CODE }],
  ['every kind of message in trouble', { ...SMALL_RUN, trouble: EVERY_TROUBLE }],
  ['both, in envelopes', { ...RUN, seed: 5, format: 'v2', trouble: BOTH }],
  [
    'a time of two part days',
    { ...SMALL_RUN, start: at('2026-01-01T13:00:00'), end: at('2026-01-03T05:00:00'), trouble: EVERY_CODE },
  ],
  ['both, versioned', { ...RUN, format: 'versioned', trouble: BOTH }],
  [
    'both, days that begin at eight',
    { ...SMALL_RUN, audit: FROM_EIGHT, trouble: BOTH },
    { env: { STACKTACH_DAY_BEGINS: '8h' } },
  ],
  ['hourly audits', { ...SMALL_RUN, instances: 20, audit: HOURLY }],
  [
    'hourly audits, every kind of message in trouble, versioned',
    { ...SMALL_RUN, instances: 20, format: 'versioned', audit: HOURLY, trouble: EVERY_TROUBLE },
  ],
]

for (const [name, options, variation] of RUNS) {
  test(
    `what comes out is what the description says: ${name}`,
    () => holdsAgainst(options, variation),
    TIMEOUT_MS,
  )
}

test(
  'what comes out by the rules of StackTach is what the description says',
  async () => {
    const config = copyConfig(temporaryFolder(), [[/rules: practical$(?!\n +subject)/gm, 'rules: stacktach']])
    await holdsAgainst(
      { ...SMALL_RUN, trouble: BOTH },
      { file: join(config, '../winchester.yaml') },
      'stacktach',
    )
  },
  TIMEOUT_MS,
)

async function holdsAgainst(
  options: SimulationOptions,
  variation: Variation | undefined,
  rules?: UsageRules,
): Promise<void> {
  const described = describeRun(options, rules)
  const run = await runShipped(simulate(options), variation)
  expect(run.missed).toBe(0)
  expect(run.refused).toBe(described.deadLetters)
  expect(run.events).toBe(described.events)
  expect(inOrder(run.streams)).toEqual(inOrder(described.expected))
}

// Nova's audit tells of what is minutes after midnight: deleted for good or restored by then, or launched anew, so that
// the audit of the day before passes it over.
test('operations across midnight are told of as Nova does', async () => {
  const start = at('2026-01-01T23:30:00')
  const end = at('2026-01-02T00:30:00')
  const options = { seed: 4, start, end, instances: 300, operationsPerHour: 1500 }
  const { expected } = describeRun(options)
  const ofFirstDay = expected.filter(({ day }) => day === '2026-01-01').flatMap(({ usage }) => usage)
  expect(ofFirstDay).toContain('U0')
  expect(inOrder((await runShipped(simulate(options))).streams)).toEqual(inOrder(expected))
})

test.each(USAGE_CODES)('%s appears as much more often as it was ordered', (code) => {
  for (const format of ['v1', 'versioned'] as const) {
    for (const audit of [undefined, FROM_EIGHT]) {
      expectOrdered({ ...RUN, format, ...(audit ? { audit } : {}) }, code)
    }
  }
})

// The rules of StackTach find a conflict after each operation of an old-style cloud: no more can be ordered.
test.each(USAGE_CODES.filter((code) => code !== 'U2'))(
  '%s appears as much more often by the rules of StackTach',
  (code) => {
    expectOrdered(RUN, code, 'stacktach')
  },
)

function expectOrdered(
  options: SimulationOptions,
  code: (typeof USAGE_CODES)[number],
  rules?: UsageRules,
): void {
  const calm = describeRun(options, rules)
  const { ordered, usage } = describeRun({ ...options, trouble: { [code]: 0.3 } }, rules)
  expect(ordered[code]).toBeGreaterThan(0)
  expect((usage[code] ?? 0) - (calm.usage[code] ?? 0)).toBe(ordered[code])
  expect(Object.keys(ordered)).toEqual([code])
}

test('all codes ordered together appear as often as ordered', () => {
  const natural = describeRun(RUN).usage
  const { ordered, usage } = describeRun({ ...RUN, trouble: EVERY_CODE })
  expect(Object.keys(ordered).sort()).toEqual([...USAGE_CODES].sort())
  for (const code of USAGE_CODES) {
    expect((usage[code] ?? 0) - (natural[code] ?? 0), code).toBe(ordered[code])
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
    expect(byDay(await streamsOf(deployment.store))).toEqual(byDay(described.expected))
    expect(await deployment.countIncoming()).toBe(described.events + 1)
    expect(
      await deployment.store.listDeadLetters({}, { limit: 100_000, mark: undefined, ascending: false }),
    ).toHaveLength(described.deadLetters)
  } finally {
    expect(await deployment.stop()).toEqual([0, 0, 0, 0])
    await deleteQueue('e2e.simulator')
  }
})
