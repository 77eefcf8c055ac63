import { formatLocal, localZone } from '../cli/terminal/local-zone.ts'
import { formatIso, parseIso } from '../domain/time.ts'
import type { RestDeadLetter } from '../formats/dead-letter-form.ts'
import type { RestEvent, RestStream, RestValue } from '../formats/rest-form.ts'
import type { Timeline } from '../formats/timeline.ts'
import { parseNamedTime } from '../text/named-time.ts'
import { withAbsoluteTimes } from '../text/trait-filter.ts'

/**
 * Returns the time of an option as it is sent. A local one becomes UTC here; others, and what is no time, are read by
 * the server, whose clock counts.
 */
export function sentTime(time: string | undefined, isLocal: boolean | undefined): string | undefined {
  return isLocal ? absoluteTime(time, isLocal) : time
}

/**
 * Returns the time of an option in UTC, as this machine reads it now: what is sent more than once means the same each
 * time. What is no time stays as it is.
 */
export function absoluteTime(time: string | undefined, isLocal: boolean | undefined): string | undefined {
  if (time === undefined) return undefined
  const micros = parseNamedTime(time.trim(), Date.now() * 1000, isLocal ? localZone : undefined)
  return micros === undefined ? time : formatIso(micros)
}

/** Returns the traits of an option with their times in UTC, as this machine reads them now. */
export function absoluteTraits(traits: string | undefined): string | undefined {
  return traits === undefined ? undefined : withAbsoluteTimes(traits, Date.now() * 1000)
}

/** Returns a stream with its times in local time. */
export function localStream(stream: RestStream): RestStream {
  const { distinguishing_traits, events, is_of_replay, ...others } = stream
  return {
    ...localValues(others),
    distinguishing_traits: localValues(distinguishing_traits),
    ...(is_of_replay === undefined ? {} : { is_of_replay }),
    ...(events ? { events: events.map(localEvent) } : {}),
  }
}

/** Returns an event with its times in local time. */
export function localEvent(event: RestEvent): RestEvent {
  return localValues(event)
}

/** Returns a dead letter with its time in local time. */
export function localDeadLetter(letter: RestDeadLetter): RestDeadLetter {
  return { ...letter, at: localText(letter.at) }
}

/** Returns a timeline with its times in local time; each has its offset at the end. */
export function localTimeline(timeline: Timeline): Timeline {
  const entries = timeline.entries.map((entry) =>
    entry.kind === 'folded'
      ? { ...entry, at: localText(entry.at), until: localText(entry.until) }
      : { ...entry, at: localText(entry.at) },
  )
  return { ...timeline, entries }
}

function localValues<T extends { readonly [name: string]: RestValue | undefined }>(row: T): T {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, localValue(value)])) as T
}

function localValue(value: RestValue | undefined): RestValue | undefined {
  if (typeof value !== 'object' || value === null) return value
  if (value.__type__ === 'datetime') return { ...value, datetime: localText(value.datetime) }
  return { ...value, begin: localText(value.begin), end: localText(value.end) }
}

/** Returns a time of the API in local time; a text that is no time stays as it is. */
function localText(iso: string): string {
  const time = parseIso(iso)
  return time === undefined ? iso : formatLocal(time)
}
