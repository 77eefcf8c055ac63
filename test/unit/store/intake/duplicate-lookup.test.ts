import { expect, test } from 'vitest'
import { DuplicateLookup } from '../../../../src/store/intake/duplicate-lookup.ts'

/** Of so many batches, those that are looked up, each with the same outcome. */
function looks(ahead: DuplicateLookup, batches: number, found = 0, ms = 1, events = 500): number {
  let count = 0
  for (let n = 0; n < batches; n++) {
    if (!ahead.isDue()) continue
    count++
    ahead.looked(events, found, ms)
  }
  return count
}

test('look-ups that find nothing are given up, but for one now and then', () => {
  const ahead = new DuplicateLookup()
  expect(looks(ahead, 16)).toBe(16)
  expect(looks(ahead, 640)).toBe(10)
})

test('the time of a statement alone is no reason to go on', () => {
  const ahead = new DuplicateLookup()
  expect(looks(ahead, 16 + 640, 0, 3, 1)).toBe(16 + 10)
})

test.each([
  ['find repeats', 1, 1],
  ['have to wait for the disk', 0, 100],
])('look-ups go on while they %s', (_, found, ms) => {
  const ahead = new DuplicateLookup()
  expect(looks(ahead, 200, found, ms)).toBe(200)
  // The one now and then tells when it begins again.
  looks(ahead, 64)
  expect(looks(ahead, 64 + 16, found, ms)).toBeGreaterThan(16)
})

test('a failed insert is a reason to look up again', () => {
  const ahead = new DuplicateLookup()
  looks(ahead, 16)
  ahead.failed()
  expect(looks(ahead, 16)).toBe(16)
  expect(looks(ahead, 16)).toBe(0)
})
