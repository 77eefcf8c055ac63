const ZERO = 48

/** The number that two digits make; NaN where one is none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO
  const ones = text.charCodeAt(at + 1) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** A date and time of day in UTC, its parts in their ranges. */
export type PlainTime = {
  readonly year: number
  readonly month: number
  /** at most 28, which every month has */
  readonly day: number
  readonly second: number
  readonly micro: number
}

/**
 * Reads a time as services write nearly all of theirs: `2026-11-19T10:00:00`, a space for the T, with or without six
 * digits of fraction, in UTC (no zone, Z or +00:00); `second` is that of the day. Undefined for any other text, which
 * may be a time all the same.
 */
export function readPlainTime(text: string): PlainTime | undefined {
  const { length } = text
  if (length < 19 || text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':')
    return undefined
  if (text[10] !== 'T' && text[10] !== ' ') return undefined
  const hasFraction = length >= 26 && text[19] === '.'
  if (!isUtc(text, hasFraction ? 26 : 19)) return undefined
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  const micro = hasFraction
    ? twoDigits(text, 20) * 10_000 + twoDigits(text, 22) * 100 + twoDigits(text, 24)
    : 0
  const isSound =
    year >= 1 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 28 &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    micro >= 0
  return isSound ? { year, month, day, second: hour * 3600 + minute * 60 + second, micro } : undefined
}

function isUtc(text: string, end: number): boolean {
  const rest = text.length - end
  return rest === 0 || (rest === 1 && text[end] === 'Z') || (rest === 6 && text.slice(end) === '+00:00')
}
