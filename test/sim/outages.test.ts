import { expect, test } from 'vitest'
import { outagesOf, playDays } from './outages.ts'

/** Days with outages give the streams of days without: `STACKTACH_OUTAGE_SEEDS=from-to` plays others. */
const [from = 1, to = 10] = (
  process.env.STACKTACH_OUTAGE_SEEDS ?? (process.env.STACKTACH_TEST_LONG ? '1-200' : '1-5')
)
  .split('-')
  .map(Number)
const seeds = Array.from({ length: to - from + 1 }, (_, index) => from + index)

test.each(seeds)('seed %i: an outage gives the same streams as none', { timeout: 600_000 }, async (seed) => {
  const expected = await playDays(seed, [])
  expect(expected.length).toBeGreaterThan(20)
  expect(expected.filter((fact) => !fact.includes(' completed: '))).toEqual([])
  const [outage] = outagesOf(seed)
  expect(await playDays(seed, outagesOf(seed)), JSON.stringify(outage)).toEqual(expected)
})
