import type { Event } from '../../domain/event.ts'
import type { Stream } from '../../domain/stream.ts'
import type { Micros } from '../../domain/time.ts'

/** How a stream ends: by its times, whether a worker has run it or not, unless its pipeline has failed for good. */
export type Ending = 'fires' | 'expires' | 'fails' | 'stays open'

/** What became of a stream, independent of its id. */
export type Outcome = {
  readonly ends: Ending
  /** event time at which it ends; null while it stays open */
  readonly endsAt: Micros | null
  readonly firstEvent: Micros
  readonly lastEvent: Micros
  /** event types by message id */
  readonly events: ReadonlyMap<string, string>
}

/** Returns the outcome of a stream as of the event time `now`. */
export function outcomeOf(stream: Stream, events: readonly Event[], now: Micros): Outcome {
  const { state, firstEvent, lastEvent } = stream
  const { ends, endsAt } = endingOf(stream, now)
  return {
    ends: state === 'error' || state === 'expire_error' ? 'fails' : ends,
    endsAt,
    firstEvent,
    lastEvent,
    events: new Map(events.map(({ messageId, eventType }) => [messageId, eventType])),
  }
}

function endingOf(
  { fireTimestamp, expireTimestamp }: Stream,
  now: Micros,
): { readonly ends: Ending; readonly endsAt: Micros | null } {
  const [fire, expire] = [fireTimestamp ?? Infinity, expireTimestamp ?? Infinity]
  if (Math.min(fire, expire) >= now) return { ends: 'stays open', endsAt: null }
  return fire <= expire ? { ends: 'fires', endsAt: fire } : { ends: 'expires', endsAt: expire }
}
