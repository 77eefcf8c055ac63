import { expect, test } from 'vitest'
import { simulate } from './simulation.ts'

/** With `build.sh -t --long` more of them are played. */
const SEEDS = process.env.STACKTACH_TEST_LONG === undefined ? 60 : 400
const [from, count] = process.env.STACKTACH_SIM_SEED
  ? [Number(process.env.STACKTACH_SIM_SEED), 1]
  : [1, SEEDS]

if (!Number.isSafeInteger(from)) throw new Error('STACKTACH_SIM_SEED must be a whole number')

test.each(Array.from({ length: count }, (_, index) => [from + index, from + index]))(
  'seed %i (again: STACKTACH_SIM_SEED=%i npx vitest run --project sim)',
  async (seed) => {
    const { steps, events } = await simulate(seed)
    expect(steps).toBeGreaterThan(500)
    expect(events).toBeGreaterThan(50)
  },
)
