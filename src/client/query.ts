import { InvalidError } from '../domain/errors.ts'
import type { StreamState } from '../domain/stream.ts'
import { literalFilter } from '../text/filter-pattern.ts'

/** A time: ISO 8601 text, or a Date. */
export type QueryTime = string | Date

/** Traits by name, their values as they are; or as the API writes them, with globs and operators: `a:b*;c:>5`. */
export type QueryTraits = string | { readonly [name: string]: string | number | bigint }

/** The filters and the page of a list of streams. */
export type StreamQuery = {
  readonly ids?: readonly (number | string)[] | undefined
  /** a text that the last error holds, or a pattern with `*` and `?`, in any case */
  readonly lastError?: string | undefined
  /** such as `3` or `>=3` */
  readonly attempts?: number | string | undefined
  readonly triggerName?: string | undefined
  readonly state?: StreamState | string | undefined
  /** only streams that began before this time */
  readonly olderThan?: QueryTime | undefined
  /** only streams with an event after this time */
  readonly youngerThan?: QueryTime | undefined
  readonly distinguishingTraits?: QueryTraits | undefined
  /** whether rows have event_count and attempts (false) */
  readonly counts?: boolean | undefined
} & PageQuery

/** The filters and the page of a list of events. */
export type EventQuery = {
  readonly eventName?: string | undefined
  /** only events after this time */
  readonly from?: QueryTime | undefined
  /** only events until this time, itself included */
  readonly to?: QueryTime | undefined
  readonly traits?: QueryTraits | undefined
} & PageQuery

/** The filters and the page of a list of dead letters. */
export type DeadLetterQuery = {
  readonly ids?: readonly (number | string)[] | undefined
  readonly stage?: string | undefined
  readonly queue?: string | undefined
  /** a text that the reason holds, or a pattern with `*` and `?`, in any case */
  readonly reason?: string | undefined
  readonly stream?: number | string | undefined
  /** only those kept after this time */
  readonly from?: QueryTime | undefined
  readonly to?: QueryTime | undefined
} & PageQuery

/** Which dropped notifications are listed. */
export type DroppedQuery = {
  readonly queue?: string | undefined
  readonly limit?: number | string | undefined
}

/** The story of a resource: of events with these traits, or with a bare value such as a uuid. */
export type TimelineQuery = {
  readonly traits?: QueryTraits | undefined
  readonly of?: string | undefined
  readonly from?: QueryTime | undefined
  readonly to?: QueryTime | undefined
  /** whether updates that follow each other are one entry (true) */
  readonly fold?: boolean | undefined
}

/** One page of a list: the rows after a `_mark` of an earlier answer; `+` goes upwards from the oldest. */
export type PageQuery = {
  readonly mark?: string | undefined
  readonly limit?: number | string | undefined
}

export type SentParams = { readonly [name: string]: string }

export function streamParams(query: StreamQuery): SentParams {
  return present({
    ids: query.ids?.join(','),
    last_error: query.lastError,
    attempts: query.attempts === undefined ? undefined : String(query.attempts),
    trigger_name: query.triggerName,
    state: query.state,
    older_than: timeText(query.olderThan),
    younger_than: timeText(query.youngerThan),
    distinguishing_traits: traitsText(query.distinguishingTraits),
    counts: query.counts ? 'true' : undefined,
    ...pageParams(query),
  })
}

export function eventParams(query: EventQuery): SentParams {
  return present({
    event_name: query.eventName,
    from_datetime: timeText(query.from),
    to_datetime: timeText(query.to),
    traits: traitsText(query.traits),
    ...pageParams(query),
  })
}

export function deadLetterParams(query: DeadLetterQuery): SentParams {
  const { ids, stage, queue, reason, stream, from, to } = query
  return present({
    ids: ids?.join(','),
    stage,
    queue,
    reason,
    stream: stream === undefined ? undefined : String(stream),
    from_datetime: timeText(from),
    to_datetime: timeText(to),
    ...pageParams(query),
  })
}

export function timelineParams({ traits, of, from, to, fold }: TimelineQuery): SentParams {
  return present({
    traits: traitsText(traits),
    of,
    from_datetime: timeText(from),
    to_datetime: timeText(to),
    fold: fold === undefined ? undefined : String(fold),
  })
}

/** The page of a list of actions, or of the results of one. */
export function pageParams({ mark, limit }: PageQuery): SentParams {
  return present({ mark, limit: limit === undefined ? undefined : String(limit) })
}

function present(params: { readonly [name: string]: string | undefined }): SentParams {
  return Object.fromEntries(
    Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

function timeText(time: QueryTime | undefined): string | undefined {
  return time instanceof Date ? time.toISOString() : time
}

/** Returns traits as the API writes them. Throws InvalidError for those that this form cannot express. */
function traitsText(traits: QueryTraits | undefined): string | undefined {
  if (traits === undefined || typeof traits === 'string') return traits
  const pairs = Object.entries(traits).map(([name, value]) => {
    if (/[:;]/.test(name) || /;|,[\w.-]+:/.test(String(value)))
      throw new InvalidError(
        `trait ${name}: its name cannot contain : or ; and its value cannot contain ; or ,name:`,
      )
    return `${name}:${literalFilter(String(value))}`
  })
  return pairs.length === 0 ? undefined : pairs.join(';')
}
