import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../../../src/notigen/random.ts'

test('numbers stay within their bounds', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 1000 }), (seed, span) => {
      const value = new Random(seed).int(5, 5 + span)
      return value >= 5 && value <= 5 + span
    }),
  )
})

test('ids are version 4 UUIDs', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) =>
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(new Random(seed).uuid()),
    ),
  )
})

test('hex digits are as many as asked for, and all of them occur', () => {
  const random = new Random(1)
  expect([4, 8, 12, 32].map((digits) => random.hex(digits).length)).toEqual([4, 8, 12, 32])
  expect(new Set(random.hex(400)).size).toBe(16)
})

test('what weighs nothing is never taken, the others as their weights say', () => {
  const random = new Random(7)
  const weights: { readonly [name: string]: number } = { none: 0, one: 1, three: 3 }
  const counts = { none: 0, one: 0, three: 0 }
  for (let draw = 0; draw < 4000; draw++) {
    const name = random.weighted(Object.keys(weights), (each) => weights[each] as number)
    counts[name as keyof typeof counts]++
  }
  expect(counts.none).toBe(0)
  expect(counts.three / counts.one).toBeGreaterThan(2.7)
  expect(counts.three / counts.one).toBeLessThan(3.3)
  expect(random.weighted(['none'], () => 0)).toBeUndefined()
})

test('a range without numbers is an error, not a time that is none', () => {
  expect(() => new Random(1).int(5, 4)).toThrow('no number from 5 to 4')
})
