import {
  addMicros,
  type Civil,
  civilFault,
  civilFromInstant,
  daysInMonth,
  type Instant,
  instantFromCivil,
  isWritable,
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
} from '../domain/time.ts'
import type { DurationPart, Operator, Unit } from './expression.ts'

/** The amount of each unit in a duration. Repeated units are added up. */
export type Duration = { readonly [unit in Unit]?: number }

/** Adds up the parts of a duration by unit. A number without a unit counts in `unitless`. */
export function sumDuration(parts: readonly DurationPart[], unitless: Unit): Duration {
  const sum: { [unit in Unit]?: number } = {}
  for (const { amount, unit = unitless } of parts) sum[unit] = (sum[unit] ?? 0) + amount
  return sum
}

/** Thrown for a date that does not exist. The message names the part that is wrong. */
export class NoSuchTime extends Error {}

/**
 * Applies `+`, `-` or `@` to a single time. Throws NoSuchTime when `@` makes a date that does not exist, and
 * outside the years 1 to 9999.
 */
export function shiftTime(time: Instant, operator: Operator, duration: Duration): Instant {
  if (operator === '@') return replaceParts(time, duration)
  return addDuration(time, duration, operator === '+' ? 1 : -1)
}

const FIXED_UNITS = [
  ['day', MICROS_PER_DAY],
  ['hour', MICROS_PER_HOUR],
  ['minute', MICROS_PER_MINUTE],
  ['second', MICROS_PER_SECOND],
  ['microsecond', 1],
] as const

/**
 * Adds units of fixed length first, then months and years by the calendar. A day past the end of the month
 * becomes its last day.
 */
function addDuration(time: Instant, duration: Duration, sign: 1 | -1): Instant {
  let moved = time
  for (const [unit, length] of FIXED_UNITS) moved = addFixed(moved, sign * (duration[unit] ?? 0), length)
  requireWritable(moved)
  const months = sign * ((duration.year ?? 0) * 12 + (duration.month ?? 0))
  return months === 0 ? moved : addMonths(moved, months)
}

/** Adds whole days apart from the rest, so that large amounts stay exact. */
function addFixed(time: Instant, amount: number, length: number): Instant {
  if (amount === 0) return time
  const perDay = MICROS_PER_DAY / length
  const days = Math.trunc(amount / perDay)
  return addMicros({ day: time.day + days, micro: time.micro }, (amount - days * perDay) * length)
}

function addMonths(time: Instant, months: number): Instant {
  const civil = civilFromInstant(time)
  const index = civil.year * 12 + civil.month - 1 + months
  const year = Math.floor(index / 12)
  const month = index - year * 12 + 1
  if (year < 1 || year > 9999) throw new NoSuchTime(`year ${year} is not in 1..9999`)
  return instantFromCivil({ ...civil, year, month, day: Math.min(civil.day, daysInMonth(year, month)) })
}

function replaceParts(time: Instant, duration: Duration): Instant {
  const { microsecond, ...parts } = duration
  const replaced: Civil = { ...civilFromInstant(time), ...parts }
  const civil = microsecond === undefined ? replaced : { ...replaced, micro: microsecond }
  const fault = civilFault(civil)
  if (fault !== undefined) throw new NoSuchTime(fault)
  return instantFromCivil(civil)
}

/** Returns the time. Throws NoSuchTime outside the years 1 to 9999. */
export function requireWritable(time: Instant): Instant {
  if (isWritable(time)) return time
  throw new NoSuchTime('the time is outside the years 1 to 9999')
}
