import { daysInMonth } from '../../domain/time.ts'
import type { Selector } from './selector.ts'
import type { DateField } from './template.ts'

/** The groups of a path that hold the parts of its date. A part without a group is the first there is; the year is 0. */
export type NameDate = { readonly [field in DateField]?: Selector }

const HOUR_MS = 3_600_000

/**
 * Returns the date in a path, in milliseconds since the epoch; undefined when its groups hold none. `24:00:00` is the
 * begin of the next day.
 */
export function dateInName(date: NameDate, match: RegExpExecArray): number | undefined {
  const [year, month, day, hour, minute, second] = [
    partOf(date.y, 0),
    partOf(date.m, 1),
    partOf(date.d, 1),
    partOf(date.H, 0),
    partOf(date.M, 0),
    partOf(date.S, 0),
  ]
  if (!isWithin(year, 0, 9999) || !isWithin(month, 1, 12)) return undefined
  if (!isWithin(day, 1, daysInMonth(year, month))) return undefined
  const isMidnight = hour === 24 && minute === 0 && second === 0
  if (!isWithin(hour, 0, isMidnight ? 24 : 23)) return undefined
  if (!isWithin(minute, 0, 59) || !isWithin(second, 0, 59)) return undefined
  // Date.UTC takes years below 100 for those of the twentieth century.
  const time = new Date(0)
  time.setUTCFullYear(year, month - 1, day)
  time.setUTCHours(hour, minute, second)
  return time.getTime()

  function partOf(group: Selector | undefined, otherwise: number): number {
    if (group === undefined) return otherwise
    const text = match[group]
    return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most
}

/**
 * Parses an adjustment such as `-1H`: a number of hours, perhaps negative. Returns milliseconds, 0 for an empty text,
 * undefined for any other text.
 */
export function parseAdjustment(text: string): number | undefined {
  if (text === '') return 0
  const match = /^(-?\d{1,7})H$/.exec(text)
  return match ? Number(match[1]) * HOUR_MS : undefined
}

/** Returns a part of a time as a target has it, in UTC: the year with four digits, the others with two. */
export function formatPart(field: DateField, time: number): string {
  const date = new Date(time)
  const value = {
    y: date.getUTCFullYear(),
    m: date.getUTCMonth() + 1,
    d: date.getUTCDate(),
    H: date.getUTCHours(),
    M: date.getUTCMinutes(),
    S: date.getUTCSeconds(),
  }[field]
  return String(value).padStart(field === 'y' ? 4 : 2, '0')
}
