import {
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  type Micros,
  parseIso,
} from '../domain/time.ts'

/** The forms of text that parseNamedTime takes, for messages. */
export const NAMED_TIME_FORMS =
  'an ISO 8601 time such as 2026-01-31T12:00:00, now, today, yesterday, a time of today such as 14:00, or how long ago, such as -1h'

const UNITS: { readonly [unit: string]: number } = {
  s: MICROS_PER_SECOND,
  sec: MICROS_PER_SECOND,
  m: MICROS_PER_MINUTE,
  min: MICROS_PER_MINUTE,
  h: MICROS_PER_HOUR,
  hr: MICROS_PER_HOUR,
  d: MICROS_PER_DAY,
  w: 7 * MICROS_PER_DAY,
}

const PART = '\\d{1,9}\\s*(?:sec|min|hr|[smhdw])'
const AGO = new RegExp(`^-?\\s*(${PART}(?:\\s*${PART})*)(?:\\s+ago)?$`)
const DAY = /^(?:(today|yesterday)(?:[ T]|$))?(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/

/** A zone of time: turns times into what its clocks on the wall show, as if that were UTC, and back. */
export type Zone = {
  readonly wallOf: (time: Micros) => Micros
  readonly utcOf: (wall: Micros) => Micros
}

const UTC: Zone = { wallOf: (time) => time, utcOf: (wall) => wall }

/** Matches an ISO 8601 text that names its zone. */
const WITH_ZONE = /[T ].*(?:z|[+-]\d\d(?::?\d\d)?)$/i

/**
 * Parses a time as people name it, by the clocks of a zone (UTC): ISO 8601; `now`; `today` or `yesterday`, from 00:00 or with a time
 * of day; a time of today such as `14:00`; how long ago, such as `-1h`, `1d 6h` or `30m ago`. Returns
 * undefined for any other text.
 *
 * @example
 * parseNamedTime('-1h', now) // an hour before now, in microseconds since the epoch
 */
export function parseNamedTime(text: string, now: Micros, zone: Zone = UTC): Micros | undefined {
  const iso = parseIso(text)
  if (iso !== undefined) return WITH_ZONE.test(text) ? iso : zone.utcOf(iso)
  const word = text.toLowerCase()
  if (word === 'now') return now
  const wall = timeOfDay(word, zone.wallOf(now))
  return wall === undefined ? timeAgo(word, now) : zone.utcOf(wall)
}

function timeOfDay(text: string, now: Micros): Micros | undefined {
  const match = text === '' ? null : DAY.exec(text)
  if (!match) return undefined
  const [hour, minute, second] = [match[2], match[3], match[4]].map((part) => Number(part ?? 0))
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const today = Math.floor(now / MICROS_PER_DAY) * MICROS_PER_DAY
  const day = match[1] === 'yesterday' ? today - MICROS_PER_DAY : today
  const parts = [
    [hour, MICROS_PER_HOUR],
    [minute, MICROS_PER_MINUTE],
    [second, MICROS_PER_SECOND],
  ] as const
  return parts.reduce((sum, [amount, length]) => sum + Number(amount) * length, day)
}

function timeAgo(text: string, now: Micros): Micros | undefined {
  const [, parts] = AGO.exec(text) ?? []
  if (parts === undefined) return undefined
  const lengths = [...parts.matchAll(/(\d+)\s*([a-z]+)/g)].map(
    ([, amount, unit]) => Number(amount) * (UNITS[unit as string] as number),
  )
  const time = now - lengths.reduce((sum, length) => sum + length, 0)
  // Earlier than the year 1 there is no ISO 8601 time.
  return Number.isSafeInteger(time) ? time : undefined
}
