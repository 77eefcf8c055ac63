/** A time of each day in UTC, in minutes since midnight; one that ends before it begins goes over midnight. */
export type DaySpan = { readonly from: number; readonly to: number }

const MINUTE_MS = 60_000
const DAY_MIN = 1440

/**
 * Parses a text of the form HH:MM-HH:MM.
 *
 * @example
 * parseDaySpan('22:00-06:00') // { from: 1320, to: 360 }
 */
export function parseDaySpan(text: string): DaySpan {
  const [from = 0, to = 0] = text.split('-').map((time) => {
    const [hours = 0, minutes = 0] = time.split(':').map(Number)
    return hours * 60 + minutes
  })
  return { from, to }
}

/** Returns whether a time, in milliseconds since the epoch, lies in a span. Its begin does, its end does not. */
export function isWithin({ from, to }: DaySpan, at: number): boolean {
  const minute = Math.floor(at / MINUTE_MS) % DAY_MIN
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to
}
