import { readPlainTime } from './plain-time.ts'

/** Microseconds since the epoch, in UTC. Exact in a double until the year 2255. */
export type Micros = number

export const MICROS_PER_SECOND = 1_000_000
export const MICROS_PER_MINUTE = 60 * MICROS_PER_SECOND
export const MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE
export const MICROS_PER_DAY = 24 * MICROS_PER_HOUR

/** A date and time of day in the proleptic Gregorian calendar; month and day count from 1. */
export type Civil = {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly micro: number
}

/** A moment, exact from the year 1 to 9999: days since the epoch and microseconds of that day. */
export type Instant = { readonly day: number; readonly micro: number }

const FIRST_DAY = daysFromCivil(1, 1, 1)
const END_DAY = daysFromCivil(10_000, 1, 1)

/** Whether the moment lies in the years 1 to 9999, the only ones that ISO 8601 can write. */
export function isWritable(instant: Instant): boolean {
  return instant.day >= FIRST_DAY && instant.day < END_DAY
}

/** Converts microseconds since the epoch to an instant. */
export function instantFromMicros(time: Micros): Instant {
  const day = Math.floor(time / MICROS_PER_DAY)
  return { day, micro: time - day * MICROS_PER_DAY }
}

/** The last moment before the year 10000 that a double can hold. Doubles are 32 microseconds apart there. */
const LAST_WRITABLE = END_DAY * MICROS_PER_DAY - 32

/**
 * Converts an instant to microseconds since the epoch. After the year 2255 the result is rounded, since a
 * double no longer holds every microsecond, but never past the year 9999.
 */
export function microsFromInstant(instant: Instant): Micros {
  const time = instant.day * MICROS_PER_DAY + instant.micro
  return instant.day < END_DAY ? Math.min(time, LAST_WRITABLE) : time
}

/**
 * A moment as microseconds since the epoch, exact in all years. `rest` is what the double of `value` lacks,
 * -32 to 32 microseconds; it is left out where that is nothing, which it is from 1685 to 2255.
 */
export type Moment = { readonly value: Micros; readonly rest?: number | undefined }

/** Converts an instant to a moment. */
export function momentFromInstant(instant: Instant): Moment {
  const value = microsFromInstant(instant)
  if (Number.isSafeInteger(value)) return { value }
  const near = instantFromMicros(value)
  const rest = (instant.day - near.day) * MICROS_PER_DAY + instant.micro - near.micro
  return rest === 0 ? { value } : { value, rest }
}

/** Converts a moment to an instant. */
export function instantFromMoment({ value, rest = 0 }: Moment): Instant {
  const near = instantFromMicros(value)
  return rest === 0 ? near : addMicros(near, rest)
}

/** Returns a negative number when `a` is before `b`, 0 when both are the same moment, else a positive one. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.day - b.day || a.micro - b.micro
}

/**
 * Returns the days since 1970-01-01. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

/** Returns the number of days of a month (1 to 12). */
export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0)
}

export function civilFromInstant({ day, micro }: Instant): Civil {
  return {
    ...civilFromDays(day),
    hour: Math.floor(micro / MICROS_PER_HOUR),
    minute: Math.floor((micro % MICROS_PER_HOUR) / MICROS_PER_MINUTE),
    second: Math.floor((micro % MICROS_PER_MINUTE) / MICROS_PER_SECOND),
    micro: micro % MICROS_PER_SECOND,
  }
}

export function instantFromCivil(civil: Civil): Instant {
  return {
    day: daysFromCivil(civil.year, civil.month, civil.day),
    micro:
      civil.hour * MICROS_PER_HOUR +
      civil.minute * MICROS_PER_MINUTE +
      civil.second * MICROS_PER_SECOND +
      civil.micro,
  }
}

/**
 * Returns a message about the first part of a civil time that is out of range, with that range; undefined
 * when all are valid.
 */
export function civilFault(civil: Civil): string | undefined {
  if (civil.year < 1 || civil.year > 9999) return `year ${civil.year} is not in 1..9999`
  if (civil.month < 1 || civil.month > 12) return `month ${civil.month} is not in 1..12`
  const days = daysInMonth(civil.year, civil.month)
  if (civil.day < 1 || civil.day > days) {
    return `day ${civil.day} is not in 1..${days} of ${civil.year}-${pad(civil.month, 2)}`
  }
  if (civil.hour < 0 || civil.hour > 23) return `hour ${civil.hour} is not in 0..23`
  if (civil.minute < 0 || civil.minute > 59) return `minute ${civil.minute} is not in 0..59`
  if (civil.second < 0 || civil.second > 59) return `second ${civil.second} is not in 0..59`
  if (civil.micro < 0 || civil.micro > 999_999) return `microsecond ${civil.micro} is not in 0..999999`
  return undefined
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

/**
 * Formats a time as ISO 8601 without zone: `2015-02-27T18:27:18.603932`. The fraction has six digits; with
 * `auto` a fraction of zero is left out.
 *
 * @example
 * formatIso(1_425_061_638_603_932) // '2015-02-27T18:27:18.603932'
 * formatIso(1_425_061_638_000_000) // '2015-02-27T18:27:18'
 */
export function formatIso(time: Micros, fraction: 'auto' | 'six' = 'auto'): string {
  return formatInstant(instantFromMicros(time), fraction)
}

/** Formats a moment like formatIso does a time, exactly in every year. */
export function formatMoment(moment: Moment, fraction: 'auto' | 'six' = 'auto'): string {
  return formatInstant(instantFromMoment(moment), fraction)
}

/** Formats an instant like formatIso does a time. Only for instants that isWritable accepts. */
export function formatInstant({ day, micro }: Instant, fraction: 'auto' | 'six' = 'auto'): string {
  const seconds = Math.floor(micro / MICROS_PER_SECOND)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const base = `${formatDay(day)}T${two(hours)}:${two(minutes - hours * 60)}:${two(seconds - minutes * 60)}`
  const rest = micro - seconds * MICROS_PER_SECOND
  return fraction === 'six' || rest !== 0 ? `${base}.${pad(rest, 6)}` : base
}

/** Cache of formatted days: lists hold many times of few days. */
const days = new Map<number, string>()
const MOST_DAYS = 1000

function formatDay(day: number): string {
  const known = days.get(day)
  if (known !== undefined) return known
  const date = civilFromDays(day)
  const text = `${pad(date.year, 4)}-${two(date.month)}-${two(date.day)}`
  if (days.size >= MOST_DAYS) days.clear()
  days.set(day, text)
  return text
}

/**
 * All numbers of two digits. Looking them up takes a third of the time of padding, and times are often
 * formatted by the thousand.
 */
const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => pad(number, 2))

function two(number: number): string {
  return TWO_DIGITS[number] as string
}

// ISO 8601 as Python's iso8601 parses it: extended or basic date, a space for the T, minutes and seconds
// optional, a point or a comma before the fraction, offset as Z, +hh, +hhmm or +hh:mm.
const ISO =
  /^(\d{4})(?:(?:-(\d{1,2})|(\d{2})(?!$))(?:(?:-(\d{1,2})|(\d{2}))(?:[ T](\d{2})(?::?(\d{2}))?(?::?(\d{1,2})(?:[.,](\d+))?)?(Z|([+-])(\d{2}):?(\d{2})?)?)?)?)?$/

/**
 * Parses an ISO 8601 text; undefined when it is none. Without a zone it is UTC. Digits below a microsecond
 * are cut off.
 */
export function parseIso(text: string): Micros | undefined {
  const instant = parseInstant(text)
  return instant && microsFromInstant(instant)
}

/** Parses like parseIso, but exactly in every year. */
export function parseMoment(text: string): Moment | undefined {
  const instant = parseInstant(text)
  return instant && momentFromInstant(instant)
}

/** Parses like parseMoment, into days and microseconds of a day. */
export function parseInstant(text: string): Instant | undefined {
  const plain = readPlainTime(text)
  if (plain) {
    const { year, month, day, second, micro } = plain
    return { day: daysFromCivil(year, month, day), micro: second * MICROS_PER_SECOND + micro }
  }
  return parseByPattern(text)
}

function parseByPattern(text: string): Instant | undefined {
  const match = ISO.exec(text)
  if (!match) return undefined
  const civil: Civil = {
    year: Number(match[1]),
    month: Number(match[2] ?? match[3] ?? 1),
    day: Number(match[4] ?? match[5] ?? 1),
    hour: Number(match[6] ?? 0),
    minute: Number(match[7] ?? 0),
    second: Number(match[8] ?? 0),
    micro: Number((match[9] ?? '').slice(0, 6).padEnd(6, '0')),
  }
  if (civilFault(civil) !== undefined) return undefined
  const offset = Number(match[12] ?? 0) * MICROS_PER_HOUR + Number(match[13] ?? 0) * MICROS_PER_MINUTE
  if (Number(match[13] ?? 0) > 59 || offset >= MICROS_PER_DAY) return undefined
  const instant = addMicros(instantFromCivil(civil), match[11] === '-' ? offset : -offset)
  return isWritable(instant) ? instant : undefined
}

/** Returns the instant `micros` microseconds later (earlier when negative). Exact while `micros` is exact. */
export function addMicros(instant: Instant, micros: number): Instant {
  const sum = instant.micro + micros
  const days = Math.floor(sum / MICROS_PER_DAY)
  return { day: instant.day + days, micro: sum - days * MICROS_PER_DAY }
}
