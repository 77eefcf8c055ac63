import type { ClockReading } from '../../clock/read-clock.ts'
import type { Stream } from '../../domain/stream.ts'
import type { StreamClaim } from '../../store/ports/queries.ts'
import type { Trigger } from '../../streams/trigger.ts'

/** A stream and what decides about it, as they are when somebody asks. */
export type StreamFacts = {
  readonly stream: Stream
  readonly claim: StreamClaim | undefined
  /** the trigger of the configuration in force; undefined where it has none of that name */
  readonly trigger: Trigger | undefined
  readonly clock: ClockReading
  /** a clause about the replay that has not ended, to which the stream may belong */
  readonly replay?: string | undefined
}
