import { InvalidError } from '../../domain/errors.ts'
import { parseGoDuration } from '../settings/go-duration.ts'

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
  readonly startDelta: string
}

/** Returns where to begin by the first setting that says it, else with new messages. Throws InvalidError. */
export function startOf({ startSeq, deliverLast, deliverAll, startDelta }: StartSettings): Start {
  const ms = startDelta === '' ? undefined : parseGoDuration(startDelta)
  if (startDelta !== '' && ms === undefined)
    throw new InvalidError(`START_DELTA: expected a duration such as 1h, found ${JSON.stringify(startDelta)}`)
  if (startSeq > 0) return { kind: 'sequence', number: startSeq }
  if (deliverLast) return { kind: 'last' }
  if (deliverAll) return { kind: 'all' }
  return ms === undefined ? { kind: 'new' } : { kind: 'since', ms }
}
