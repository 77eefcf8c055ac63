import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, type Micros } from '../../domain/time.ts'

const FORM = /^(?:(\d{1,2})h)?\s*(?:(\d{1,2})m)?$/

/** Returns how far into a day audit periods begin, from `8h` or `8h 30m`; undefined for other values. */
export function dayBegins(value: unknown): Micros | undefined {
  const match = value === undefined ? undefined : FORM.exec(String(value).trim())
  if (!match || match[0] === '') return undefined
  return Number(match[1] ?? 0) * MICROS_PER_HOUR + Number(match[2] ?? 0) * MICROS_PER_MINUTE
}

/** Returns the fault of a value of day_begins; undefined when there is none. */
export function dayBeginsFault(value: unknown): string | undefined {
  if (value === undefined) return undefined
  const offset = dayBegins(value)
  if (offset !== undefined && offset < MICROS_PER_DAY) return undefined
  return `day_begins: ${JSON.stringify(value)} is no time of day: expected hours and minutes, such as 8h or 8h 30m`
}
