import type { StoredEvent } from '../../domain/event.ts'
import type { StreamExplanation } from '../../formats/stream-explanation.ts'
import { explainCriteria } from './criteria.ts'
import { reasonsOf } from './reasons.ts'
import type { StreamFacts } from './stream-facts.ts'

/**
 * Explains why a stream has not fired, or what became of it. The events of the stream are read only where a
 * fire criterion is not met.
 *
 * @example
 * const { why } = await explainStream({ stream, claim, trigger, clock }, queries.eventsOfStream(stream.id, {}))
 */
export async function explainStream(
  facts: StreamFacts,
  events: AsyncIterable<readonly StoredEvent[]>,
): Promise<StreamExplanation> {
  const { stream, trigger } = facts
  const waits = stream.state === 'active' && stream.fireTimestamp === null
  const nothing = (async function* () {})()
  const criteria = trigger ? await explainCriteria(trigger, stream.progress, waits ? events : nothing) : []
  return {
    id: stream.id,
    name: stream.name,
    state: stream.state,
    why: reasonsOf(facts, criteria),
    fire_criteria: criteria,
    event_count: stream.eventCount,
    attempts: stream.attempts,
    last_error: stream.lastError,
  }
}
