import { type ClockSettings, readClock } from '../clock/read-clock.ts'
import { NotFoundError } from '../domain/errors.ts'
import { explainStream } from '../explain/stream/explain-stream.ts'
import { type Operation, operation } from '../http/operation.ts'
import { describeUnfinished, readUnfinished } from '../replay/unfinished.ts'
import type { Queries } from '../store/ports/queries.ts'
import type { Replays } from '../store/ports/replays.ts'
import type { Watermarks } from '../store/ports/watermarks.ts'
import type { Trigger } from '../streams/trigger.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import { noParams, streamPath } from './params.ts'
import { streamExplanation } from './shapes.ts'

export type StreamExplaining = {
  readonly store: Queries & Pick<Watermarks, 'readReports'> & Pick<Replays, 'readReplay'>
  readonly clock: ClockSettings
  /** the triggers of the configuration in force */
  readonly triggers: readonly Trigger[]
}

/** Returns the operation of `/v1/streams/{id}/explain`: why a stream has not fired, or what became of it. */
export function streamExplainOperation({ store, clock, triggers }: StreamExplaining): Operation {
  return operation({
    method: 'get',
    path: '/v1/streams/{id}/explain',
    summary: 'why a stream has not fired, or what became of it, and what happens next',
    query: noParams,
    params: streamPath,
    answer: streamExplanation,
    httpProblems: { 404: 'there is no such stream' },
    async run({ path: { id }, signal, limits }) {
      await limits.admit(limits.maxBytes)
      const [stream, claim, reading] = await Promise.all([
        store.findStream(id, limits),
        store.findClaim(id),
        readClock(store, clock),
      ])
      if (!stream) throw new NotFoundError(`there is no stream ${id}`)
      const trigger = triggers.find(({ name }) => name === stream.name)
      const unfinished = stream.isOfReplay && (await readUnfinished(store))
      const replay = unfinished ? describeUnfinished(unfinished) : undefined
      const facts = { stream, claim, trigger, clock: reading, replay }
      const explanation = await explainStream(facts, store.eventsOfStream(id, limits, signal))
      const { last_error } = explanation
      return { ...explanation, last_error: last_error === null ? null : maskSecrets(last_error) }
    },
  })
}
