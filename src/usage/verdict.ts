import type { Event } from '../domain/event.ts'

/** Why an exists does not agree with the events of its stream; `code` is U0 to U10. */
export type UsageFault = { readonly code: string; readonly message: string }

/** One rule as it was applied to an exists, in words. */
export type UsageCheck = {
  readonly rule: string
  readonly outcome: 'holds' | 'fails' | 'passed over'
  /** what was compared with what, and from which message */
  readonly text: string
}

/** What verifying one exists came to. */
export type ExistsVerdict = {
  readonly exists: Event
  /** undefined: it is verified */
  readonly fault: UsageFault | undefined
  /** odd things that keep no exists from being verified; each set makes an event of its own */
  readonly warnings: readonly string[]
  /** what was taken for equal, or could not be looked at */
  readonly notes: readonly string[]
  /** message id of the exists that told of the same audit period before */
  readonly repeats: string | undefined
  readonly checks: readonly UsageCheck[]
}

/** Events that no exists tells of: at fault, or nothing that an exists is owed for. */
export type RemainderVerdict = {
  /** event type of the exists that is missed, such as `compute.instance.exists` */
  readonly existsType: string
  readonly first: Event
} & (
  | { readonly kind: 'fault'; readonly fault: UsageFault }
  | { readonly kind: 'unbilled'; readonly reason: string }
)

/** The audit periods of a stream, held against each other. */
export type PeriodsVerdict = {
  readonly exists: readonly Event[]
  readonly faults: readonly UsageFault[]
  /** what is missed after the last period, which may not be over yet where the events are not complete */
  readonly missedAtEnd: readonly UsageFault[]
  /** what may be a fault, or come from where collecting began */
  readonly notes: readonly string[]
}

/** What verifying a stream came to. */
export type UsageVerdict = {
  /** in the order of the stream */
  readonly exists: readonly ExistsVerdict[]
  /** what no exists tells of; none: an exists follows all events, or is owed for none that is left */
  readonly remainders: readonly RemainderVerdict[]
  /** undefined: no two audit periods to hold against each other */
  readonly periods: PeriodsVerdict | undefined
}
