import { MICROS_PER_DAY, type Micros } from '../domain/time.ts'

/** The first moment of the day (UTC) that holds a time. */
export function beginOfDay(at: Micros): Micros {
  return Math.floor(at / MICROS_PER_DAY) * MICROS_PER_DAY
}

/** The first moment after that day. */
export function endOfDay(at: Micros): Micros {
  return beginOfDay(at) + MICROS_PER_DAY
}
