import type { StreamState } from '../domain/stream.ts'

/** Why a stream is in its state, and what happens next, as the API returns it. */
export type StreamExplanation = {
  readonly id: number
  readonly name: string
  readonly state: StreamState
  /** whole sentences; the first is the answer */
  readonly why: readonly string[]
  readonly fire_criteria: readonly CriterionExplanation[]
  readonly event_count: number
  /** runs of the pipeline that were begun and not successful */
  readonly attempts: number
  /** the handler and the stack of the last run that failed */
  readonly last_error: string | null
}

/** A fire criterion: how many events have to meet it, how many did, and why others did not. */
export type CriterionExplanation = {
  /** the criterion as triggers.yaml has it */
  readonly criterion: string
  readonly needed: number
  /** as counted with the stream; null where the criterion is newer than the stream's last event */
  readonly seen: number | null
  readonly is_met: boolean
  /** of a criterion that is not met, the commonest first */
  readonly misses: readonly Miss[]
  /** types of the stream's events, where the criterion accepts none of them */
  readonly other_types: readonly string[]
}

/** A reason why events of the stream did not meet a criterion, and the latest of those events. */
export type Miss = {
  readonly reason: string
  readonly events: number
  readonly latest: { readonly message_id: string; readonly event_type: string; readonly timestamp: string }
}
