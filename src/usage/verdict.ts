import type { Event } from '../domain/event.ts'

/** Why an exists does not agree with the events of its stream. `code` is U0 to U10. */
export type UsageFault = { readonly code: string; readonly message: string }

/** The outcome of one rule for one exists, in words. */
export type UsageCheck = {
  readonly rule: string
  readonly outcome: 'holds' | 'fails' | 'passed over'
  /** what was compared with what, and the messages they come from */
  readonly text: string
}

/** The verdict on one exists. */
export type ExistsVerdict = {
  readonly exists: Event
  /** undefined: the exists is verified */
  readonly fault: UsageFault | undefined
  /** oddities that do not make the exists fail; all together make one event */
  readonly warnings: readonly string[]
  /** differences accepted as equal, and parts that could not be verified */
  readonly notes: readonly string[]
  /** message id of the exists that reported the same audit period before */
  readonly repeats: string | undefined
  readonly checks: readonly UsageCheck[]
}

/** Events that no exists reports: a fault, or unbilled where none is owed. */
export type RemainderVerdict = {
  /** event type of the missing exists, such as `compute.instance.exists` */
  readonly existsType: string
  /** the first of these events */
  readonly first: Event
} & (
  | { readonly kind: 'fault'; readonly fault: UsageFault }
  | { readonly kind: 'unbilled'; readonly reason: string }
)

/** The verdict on the audit periods of a stream, checked against each other. */
export type PeriodsVerdict = {
  readonly exists: readonly Event[]
  readonly faults: readonly UsageFault[]
  /** gaps after the last period, which are faults only once the stream's events are complete */
  readonly missedAtEnd: readonly UsageFault[]
  /** gaps that may be faults, or may precede the begin of collecting */
  readonly notes: readonly string[]
}

/** The verdict on a stream. */
export type UsageVerdict = {
  /** in the order of the stream */
  readonly exists: readonly ExistsVerdict[]
  /** events that no exists reports; empty where none is owed */
  readonly remainders: readonly RemainderVerdict[]
  /** undefined: the stream has fewer than two audit periods */
  readonly periods: PeriodsVerdict | undefined
}
