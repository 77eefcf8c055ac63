import { expect, test } from 'vitest'
import { Pace } from '../../../src/replay/pace.ts'

test('event time passes so many times as fast as time on the machine', () => {
  let machine = 5000
  const pace = new Pace(60, () => machine)
  expect(pace.now()).toBe(0)
  expect(pace.msUntil(1_000_000)).toBe(0)
  expect(pace.msUntil(13_000_000)).toBe(200)
  expect(pace.msUntil(1_000_000_000)).toBe(500)
  machine += 100
  expect(pace.now()).toBe(7_000_000)
  expect(pace.msUntil(13_000_000)).toBe(100)
  machine += 1000
  expect(pace.msUntil(13_000_000)).toBeLessThan(0)
})
