import { expect, test } from 'vitest'
import { describeLag } from '../../../src/clock/describe-lag.ts'
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE } from '../../../src/domain/time.ts'
import { formatDuration } from '../../../src/text/format-duration.ts'

test.each([
  [3 * MICROS_PER_DAY, '3 days'],
  [MICROS_PER_DAY, '1 day'],
  [MICROS_PER_DAY - 1, '23 hours'],
  [2 * MICROS_PER_HOUR, '2 hours'],
  [90 * MICROS_PER_MINUTE, '90 minutes'],
  [70_000_000, '70 seconds'],
  [0, '0 seconds'],
])('a lag of %i µs is %s', (lag, text) => {
  expect(formatDuration(lag)).toBe(text)
})

test('notifications of long ago are described by what becomes of them, those of now are not', () => {
  expect(describeLag(59_000_000, 'auto')).toBeUndefined()
  expect(describeLag(3 * MICROS_PER_DAY, 'auto')).toBe(
    '3 days behind; the event clock follows the notifications',
  )
  expect(describeLag(3 * MICROS_PER_DAY, 'wall')).toBe(
    '3 days behind; streams will expire at once, see clock in winchester.yaml',
  )
})
