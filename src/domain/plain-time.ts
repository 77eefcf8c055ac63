const ZERO = 48

/** Returns the number that two digits stand for; NaN where either of them is no digit. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO
  const ones = text.charCodeAt(at + 1) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** A date and time of day in UTC. All parts are within their ranges. */
export type PlainTime = {
  readonly year: number
  readonly month: number
  /** 1 to 28: the days that every month has */
  readonly day: number
  /** second of the day, from 0 */
  readonly second: number
  readonly micro: number
}

/**
 * Parses a time in the form that services use almost always: `2026-11-19T10:00:00` in UTC (no zone, Z or
 * +00:00), with T or a space, with six digits of fraction or none. Returns undefined for any other text,
 * which may still be a valid time.
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
