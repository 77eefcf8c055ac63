import { FrameSplitter } from '../wire/frame-splitter.ts'
import { type SignerKeys, verdictOn } from '../wire/signature.ts'
import type { Counters } from './counters.ts'
import type { Intake, Relay } from './intake.ts'

export type FrameIntakeOptions = {
  readonly intake: Intake
  readonly relay: Relay
  readonly counters: Counters
  readonly mostMessageBytes: number
  /** Returns by which rules signatures are checked at the moment; undefined: they are not. */
  readonly signatures: () => SignatureRules | undefined
}

/** The keys of those who sign, and whether messages without a signature are rejected. */
export type SignatureRules = { readonly signers: SignerKeys; readonly isRequired: boolean }

/**
 * Creates what finds frames in the bytes of a connection, checks their signatures and decides about their messages.
 * Whatever is not relayed is counted.
 */
export function createFrameIntake(options: FrameIntakeOptions): FrameSplitter {
  const { counters, intake, relay, signatures, mostMessageBytes } = options
  return new FrameSplitter((bytes, from, end, header) => {
    counters.add('receivedCount')
    const rules = signatures()
    if (rules) {
      const verdict = verdictOn(header, bytes.subarray(from, end), rules.signers)
      if (verdict === 'bad' || (verdict === 'unsigned' && rules.isRequired)) {
        counters.add('rejectedCount')
        return
      }
    }
    const outcome = intake.take(bytes, from, end, relay)
    if (outcome === 'skipped') counters.add('skipped')
    else if (outcome === 'undecodable') counters.add('undecodableCount')
    else if (outcome === 'unmatched') counters.add('unmatchedCount')
  }, mostMessageBytes)
}
