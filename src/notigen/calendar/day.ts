import { MICROS_PER_DAY, type Micros } from '../../domain/time.ts'

/**
 * Returns the begin of the day (UTC) that contains a time. `dayBegins` is the offset of days from midnight,
 * µs.
 */
export function beginOfDay(at: Micros, dayBegins: Micros = 0): Micros {
  return Math.floor((at - dayBegins) / MICROS_PER_DAY) * MICROS_PER_DAY + dayBegins
}

/** Returns the end, exclusive, of the day that contains a time. */
export function endOfDay(at: Micros, dayBegins: Micros = 0): Micros {
  return beginOfDay(at, dayBegins) + MICROS_PER_DAY
}
