import { FrameSplitter } from '../wire/frame-splitter.ts'
import { type SignerKeys, verdictOn } from '../wire/signature.ts'
import type { Counters } from './counters.ts'
import type { Intake, Relay } from './intake.ts'

export type FrameIntakeOptions = {
  readonly intake: Intake
  readonly relay: Relay
  readonly counters: Counters
  readonly mostMessageBytes: number
  /** undefined: signatures are not checked */
  readonly signers: SignerKeys | undefined
  readonly requiresSignature: boolean
}

/**
 * Creates what finds frames in the bytes of a connection, checks their signatures and decides about their messages.
 * Whatever is not relayed is counted.
 */
export function createFrameIntake(options: FrameIntakeOptions): FrameSplitter {
  const { counters, intake, relay, signers, requiresSignature, mostMessageBytes } = options
  return new FrameSplitter((bytes, from, end, header) => {
    counters.add('receivedCount')
    if (signers) {
      const verdict = verdictOn(header, bytes.subarray(from, end), signers)
      if (verdict === 'bad' || (verdict === 'unsigned' && requiresSignature)) {
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
