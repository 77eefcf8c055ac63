import { type Event, momentOf } from '../domain/event.ts'
import type { Stream } from '../domain/stream.ts'
import { formatIso, formatMoment, type Micros, type Moment } from '../domain/time.ts'
import type { DistinguishingTrait } from '../domain/trait.ts'
import { setOwn } from '../text/set-own.ts'

// JSON encoding of the REST API, as StackTach.v3 defines it. Plain texts and numbers stand for themselves.

export type RestDatetime = { readonly __type__: 'datetime'; readonly datetime: string }
export type RestTimeRange = {
  readonly __type__: 'timex.TimeRange'
  readonly begin: string
  readonly end: string
}
export type RestValue = string | number | bigint | null | RestDatetime | RestTimeRange

export type RestEvent = {
  readonly event_type: string
  readonly message_id: string
  readonly timestamp: RestDatetime
  readonly [trait: string]: RestValue
}

export type RestStream = {
  readonly id: number
  readonly name: string
  readonly state: string
  readonly first_event: RestDatetime | null
  readonly last_event: RestDatetime | null
  readonly fire_timestamp: RestDatetime | null
  readonly expire_timestamp: RestDatetime | null
  readonly distinguishing_traits: { readonly [name: string]: RestValue }
  readonly _mark: string
  /** number of its events, where counts are asked for */
  readonly event_count?: number
  /** runs of its pipeline that were begun and not successful, where counts are asked for */
  readonly attempts?: number
  /** why the last run of its pipeline failed; absent where none did */
  readonly last_error?: string
  readonly is_of_replay?: boolean
  readonly events?: readonly RestEvent[]
}

/** Digits of a time's fraction: `auto` leaves out a fraction of zero, `six` always writes six digits. */
export type Fraction = 'auto' | 'six'

/** Encodes a time in UTC as `{"__type__": "datetime", "datetime": "2015-02-27T18:27:18.603932"}`. */
export function restDatetime(time: Micros, fraction: Fraction = 'auto'): RestDatetime {
  return { __type__: 'datetime', datetime: formatIso(time, fraction) }
}

/** Encodes a moment, exactly in all years. */
function restMoment(moment: Moment, fraction: Fraction): RestDatetime {
  return { __type__: 'datetime', datetime: formatMoment(moment, fraction) }
}

/** Encodes a typed value. `none` becomes null; `fraction` applies to datetimes only. */
function restValue(trait: DistinguishingTrait, fraction: Fraction = 'auto'): RestValue {
  switch (trait.type) {
    case 'datetime':
      return restMoment(trait, fraction)
    case 'timerange':
      return { __type__: 'timex.TimeRange', begin: formatIso(trait.begin), end: formatIso(trait.end) }
    default:
      return trait.value
  }
}

export function restTraits(
  traits: { readonly [name: string]: DistinguishingTrait },
  fraction: Fraction = 'auto',
): { [name: string]: RestValue } {
  // A loop: Object.fromEntries takes three times as long.
  const values: { [name: string]: RestValue } = {}
  for (const name in traits) setOwn(values, name, restValue(traits[name] as DistinguishingTrait, fraction))
  return values
}

/**
 * Encodes an event. Its traits stand beside event_type, message_id and timestamp, which win over traits of
 * the same names.
 *
 * @example
 * restEvent(event) // { memory_mb: 512, event_type: 'compute.instance.update', message_id: 'a1', timestamp }
 */
export function restEvent(event: Event, fraction: Fraction = 'auto'): RestEvent {
  return Object.assign(restTraits(event.traits, fraction), {
    event_type: event.eventType,
    message_id: event.messageId,
    timestamp: restMoment(momentOf(event), fraction),
  })
}

/** What is encoded of a stream beside the form of StackTach.v3. */
export type StreamExtras = { readonly hasCounts?: boolean | undefined }

/** Encodes a stream without its events. `mark` is its place in the list, see formatMark. */
export function restStream(stream: Stream, mark: string, { hasCounts }: StreamExtras = {}): RestStream {
  const optional = (time: Micros | null) => (time === null ? null : restDatetime(time))
  return {
    id: stream.id,
    name: stream.name,
    state: stream.state,
    first_event: restDatetime(stream.firstEvent),
    last_event: restDatetime(stream.lastEvent),
    fire_timestamp: optional(stream.fireTimestamp),
    expire_timestamp: optional(stream.expireTimestamp),
    distinguishing_traits: restTraits(stream.distinguishingTraits),
    _mark: mark,
    ...(hasCounts ? { event_count: stream.eventCount, attempts: stream.attempts } : {}),
    ...(stream.lastError === null ? {} : { last_error: stream.lastError }),
    ...(stream.isOfReplay && { is_of_replay: true }),
  }
}

/** Returns the mark of a place in a list: the id in hexadecimal, with a leading plus in ascending lists. */
export function formatMark(id: number, ascending: boolean): string {
  return `${ascending ? '+' : ''}${id.toString(16)}`
}
