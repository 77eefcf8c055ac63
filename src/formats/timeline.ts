import type { RestValue } from './rest-form.ts'

/** The story of a resource in the order of time, as the API returns it. Times are ISO 8601 in UTC. */
export type Timeline = {
  /** the traits that all events of the story have */
  readonly traits: { readonly [name: string]: string }
  readonly entries: readonly TimelineEntry[]
  /** number of events, those of folded entries among them */
  readonly events: number
  /** whether older events are left out */
  readonly is_truncated: boolean
  /** whether older streams are left out */
  readonly has_more_streams: boolean
}

export type TimelineEntry = EventEntry | FoldedEntry | StreamEntry

/** An event, and what differs from the events before it. */
export type EventEntry = {
  readonly kind: 'event'
  readonly at: string
  readonly event_type: string
  readonly message_id: string
  /** whether the event tells of a failure */
  readonly is_failure: boolean
  /** what a failure says about itself */
  readonly message: string | null
  readonly changes: readonly Change[]
  readonly user_id: string | null
  readonly request_id: string | null
}

/** Events of one type that stand one after the other and are folded into one entry. */
export type FoldedEntry = {
  readonly kind: 'folded'
  readonly at: string
  /** time of the last of them */
  readonly until: string
  readonly event_type: string
  readonly count: number
  /** what differs after the last of them from before the first */
  readonly changes: readonly Change[]
}

/** Something that happened to a stream of the resource. */
export type StreamEntry = {
  readonly kind: 'stream'
  readonly at: string
  readonly stream: number
  readonly name: string
  /**
   * `opened`: its first event; `fires` and `expires`: when it was, or will be, due, or its last event where an operator
   * set it going before; `completed`: the same of a stream of which it is not certain whether it fired or expired
   */
  readonly what: 'opened' | 'fires' | 'expires' | 'completed'
  readonly state: string
  /** the first line of the error of its last run */
  readonly error: string | null
}

/** A trait whose value differs from the one that an earlier event had. */
export type Change = { readonly trait: string; readonly from: RestValue; readonly to: RestValue }
