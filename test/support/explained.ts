import { explainStream } from '../../src/explain/stream/explain-stream.ts'
import type { StreamExplanation } from '../../src/formats/stream-explanation.ts'
import type { Store } from '../../src/store/store.ts'
import type { TriggerRouter } from '../../src/streams/router.ts'

/** Explains the first stream of a store at a time of the event clock, which nothing holds. */
export async function explainedBy(
  store: Store,
  { triggers }: TriggerRouter,
  now: number,
): Promise<StreamExplanation> {
  const [stream] = await store.listStreams({}, { limit: 1, mark: undefined, ascending: true })
  if (!stream) throw new Error('there is no stream')
  const claim = await store.findClaim(stream.id)
  const trigger = triggers.find(({ name }) => name === stream.name)
  const clock = { mode: 'wall', now, wallNow: now, holds: [] } as const
  return explainStream({ stream, claim, trigger, clock }, store.eventsOfStream(stream.id, {}))
}
