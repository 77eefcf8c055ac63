/** Where a subscriber begins that has no position of its own. A sequence number counts messages from 1. */
export type Start =
  | { readonly kind: 'sequence'; readonly number: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'all' }
  | { readonly kind: 'new' }
  | { readonly kind: 'since'; readonly ms: number }

export type StartSettings = {
  readonly startSeq: number
  readonly deliverLast: boolean
  readonly deliverAll: boolean
  /** ms; null: not set */
  readonly startDelta: number | null
}

/** Returns where to begin by the first setting that says it, else with new messages. */
export function startOf({ startSeq, deliverLast, deliverAll, startDelta }: StartSettings): Start {
  if (startSeq > 0) return { kind: 'sequence', number: startSeq }
  if (deliverLast) return { kind: 'last' }
  if (deliverAll) return { kind: 'all' }
  return startDelta === null ? { kind: 'new' } : { kind: 'since', ms: startDelta }
}
