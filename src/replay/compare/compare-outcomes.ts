import type { Micros } from '../../domain/time.ts'
import type { Ending, Outcome } from './outcome.ts'

/** A difference between the streams of one key, before and after. */
export type Difference =
  /** the events make more or fewer streams */
  | { readonly what: 'streams'; readonly before: number; readonly after: number }
  | { readonly what: 'ends'; readonly stream: number; readonly before: Ending; readonly after: Ending }
  | {
      readonly what: 'ends_at'
      readonly stream: number
      readonly before: Micros | null
      readonly after: Micros | null
    }
  /** message ids that only one side has */
  | {
      readonly what: 'events'
      readonly stream: number
      readonly only_before: readonly string[]
      readonly only_after: readonly string[]
    }
  /** events that pipelines make now and have not made before */
  | {
      readonly what: 'made'
      readonly only_after: readonly { readonly event_type: string; readonly message_id: string }[]
    }

export type CompareOptions = {
  /** whether the times at which streams end are compared too */
  readonly hasExactTimes: boolean
  /** types of events that pipelines make: their ids may depend on the id of the stream */
  readonly madeTypes: ReadonlySet<string>
}

/**
 * Compares the streams of one key, in the order of their first events. `stream` of a difference counts them from 1.
 *
 * @example
 * compareOutcomes([fires], [expires], options) // [{ what: 'ends', stream: 1, before: 'fires', after: 'expires' }]
 */
export function compareOutcomes(
  before: readonly Outcome[],
  after: readonly Outcome[],
  options: CompareOptions,
): Difference[] {
  const [olds, news] = [inOrder(before), inOrder(after)]
  const count: Difference[] =
    olds.length === news.length ? [] : [{ what: 'streams', before: olds.length, after: news.length }]
  const pairs = olds.slice(0, news.length).map((old, index) => [old, news[index] as Outcome] as const)
  return [...count, ...pairs.flatMap(([old, now], index) => differencesOf(old, now, index + 1, options))]
}

function inOrder(outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.toSorted((a, b) => a.firstEvent - b.firstEvent || a.lastEvent - b.lastEvent)
}

function differencesOf(
  before: Outcome,
  after: Outcome,
  stream: number,
  { hasExactTimes, madeTypes }: CompareOptions,
): Difference[] {
  const differences: Difference[] = []
  if (before.ends !== after.ends) {
    differences.push({ what: 'ends', stream, before: before.ends, after: after.ends })
  } else if (hasExactTimes && before.endsAt !== after.endsAt) {
    differences.push({ what: 'ends_at', stream, before: before.endsAt, after: after.endsAt })
  }
  const onlyBefore = idsNotIn(before, after)
  const onlyAfter = idsNotIn(after, before)
  for (const type of madeTypes)
    dropPairs(type, { ids: onlyBefore, of: before }, { ids: onlyAfter, of: after })
  if (onlyBefore.size + onlyAfter.size > 0) {
    differences.push({ what: 'events', stream, only_before: [...onlyBefore], only_after: [...onlyAfter] })
  }
  return differences
}

function idsNotIn({ events }: Outcome, other: Outcome): Set<string> {
  return new Set([...events.keys()].filter((id) => !other.events.has(id)))
}

type Side = { readonly ids: Set<string>; readonly of: Outcome }

/** Drops as many events of a type from both sides as both have. */
function dropPairs(type: string, a: Side, b: Side): void {
  const [those, these] = [a, b].map(({ ids, of }) => [...ids].filter((id) => of.events.get(id) === type)) as [
    string[],
    string[],
  ]
  const count = Math.min(those.length, these.length)
  for (const id of those.slice(0, count)) a.ids.delete(id)
  for (const id of these.slice(0, count)) b.ids.delete(id)
}
