import { MICROS_PER_DAY, type Micros } from '../domain/time.ts'

/** The first moment of the day (UTC) that holds a time; days may begin later than at midnight. */
export function beginOfDay(at: Micros, dayBegins: Micros = 0): Micros {
  return Math.floor((at - dayBegins) / MICROS_PER_DAY) * MICROS_PER_DAY + dayBegins
}

/** The first moment after that day. */
export function endOfDay(at: Micros, dayBegins: Micros = 0): Micros {
  return beginOfDay(at, dayBegins) + MICROS_PER_DAY
}
