import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, type Micros } from '../domain/time.ts'

const UNITS = [
  [MICROS_PER_DAY, 'day'],
  [MICROS_PER_HOUR, 'hour'],
  [MICROS_PER_MINUTE, 'minute'],
  [1_000_000, 'second'],
] as const

/**
 * Formats a length of time in its largest unit of which there are two, or one of days.
 *
 * @example
 * formatDuration(3 * MICROS_PER_DAY) // '3 days'
 */
export function formatDuration(duration: Micros): string {
  const [size, unit] =
    UNITS.find(([size]) => duration >= (size === MICROS_PER_DAY ? size : 2 * size)) ?? UNITS[3]
  const count = Math.max(0, Math.floor(duration / size))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
