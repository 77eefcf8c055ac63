import type { StoredEvent } from '../../domain/event.ts'
import type { Micros } from '../../domain/time.ts'
import { readingsOf, type ValueCondition } from '../../domain/trait-condition.ts'
import type { Timeline } from '../../formats/timeline.ts'
import type { Page, Queries, ReadLimits } from '../../store/ports/queries.ts'
import { buildTimeline } from './build-timeline.ts'

/** Most events and streams of a story; of more, the last stored ones. */
const MOST_EVENTS = 2000
const MOST_STREAMS = 200

export type TimelineQuery = {
  readonly traits: readonly ValueCondition[]
  readonly from?: Micros | undefined
  readonly to?: Micros | undefined
  readonly isFolded?: boolean | undefined
  /** the present time */
  readonly now: Micros
}

/** Reads the story of the resource whose events have the traits of a query. */
export async function readTimeline(
  queries: Queries,
  { traits, from, to, isFolded, now }: TimelineQuery,
  limits: ReadLimits,
  signal?: AbortSignal,
): Promise<Timeline> {
  const newest = (limit: number): Page => ({ limit, mark: undefined, ascending: false, ...limits })
  const found = await queries.listEvents({ traits, from, to }, newest(MOST_EVENTS + 1), signal)
  const events = found.slice(0, MOST_EVENTS)
  const page = { ...newest(MOST_STREAMS + 1), maxBytes: undefined }
  const filter = { traits, olderThan: to, youngerThan: from }
  const foundStreams = await queries.listStreams(filter, page, signal)
  const streams = foundStreams.slice(0, MOST_STREAMS)
  return {
    traits: Object.fromEntries(traits.map(({ name, values }) => [name, textOf(values)])),
    entries: buildTimeline({ events, streams, now, ...(isFolded === undefined ? {} : { isFolded }) }),
    events: events.length,
    is_truncated: events.length < found.length || (await hasMore(queries, { traits, from, to }, events)),
    has_more_streams: streams.length < foundStreams.length,
  }
}

/** Whether there are events beyond a page that was cut off for its size. */
async function hasMore(
  queries: Queries,
  { traits, from, to }: Pick<TimelineQuery, 'traits' | 'from' | 'to'>,
  events: readonly StoredEvent[],
): Promise<boolean> {
  const last = events.at(-1)
  if (!last) return false
  const page: Page = { limit: 1, mark: last.id, ascending: false }
  return (await queries.listEvents({ traits, from, to }, page)).length > 0
}

/**
 * Finds the trait of a bare value such as a uuid, a request id or a tenant: the first of `names` that an event has
 * with this value. Returns undefined when there is none.
 */
export async function findTrait(
  queries: Queries,
  value: string,
  names: Iterable<string>,
): Promise<ValueCondition | undefined> {
  for (const name of names) {
    const condition: ValueCondition = { name, values: readingsOf(value) }
    const page: Page = { limit: 1, mark: undefined, ascending: false }
    if ((await queries.listEvents({ traits: [condition] }, page)).length > 0) return condition
  }
  return undefined
}

function textOf([first]: ValueCondition['values']): string {
  return first && 'value' in first ? String(first.value) : ''
}
