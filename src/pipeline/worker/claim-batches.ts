import type { StoredEvent } from '../../domain/event.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Outage } from '../../runtime/outage.ts'
import { prefetchNext } from '../../runtime/prefetch-next.ts'
import type { Queries } from '../../store/ports/queries.ts'
import type { ClaimedStream, StreamRuns } from '../../store/ports/stream-runs.ts'
import { Lease } from './lease.ts'

/** The streams of one claim, either all to be fired or all to be expired. */
export type ClaimBatch = {
  readonly claims: readonly ClaimedStream[]
  /** when the claim was requested, by performance.now() */
  readonly claimedAt: number
}

/** A part of a batch, under the lease of the whole batch. */
type LeasedPart = { readonly claims: readonly ClaimedStream[]; readonly lease: Lease }

/** A part of a batch that can be run. The code that takes it must end the lease of its claims. */
export type LoadedPart = LeasedPart & {
  /** the events by stream id */
  readonly events: Map<number, readonly StoredEvent[]>
}

export type LoadOptions = {
  readonly store: StreamRuns & Pick<Queries, 'eventsOfStreams'>
  readonly logger: Logger
  /** the outage of the database */
  readonly outage: Outage
  readonly leaseMs: number
  /** most streams that run at the same time */
  readonly concurrency: number
}

/** Most events of one part, unless a part would then have fewer streams than can run at the same time. */
const EVENTS_TOGETHER = 10_000

/**
 * Yields claimed streams with their events, in parts that fit into memory. While one part is run, the events
 * of the next are read and the streams of the one after it are claimed. Releases parts that the consumer of
 * the iterator does not take. After `signal` aborts the streams come without their events and must not be
 * run.
 */
export function loadParts(
  batches: AsyncIterable<ClaimBatch>,
  options: LoadOptions,
  signal: AbortSignal,
): AsyncIterable<LoadedPart> {
  const drop = ({ lease, claims }: LeasedPart) => lease.giveBack(claims)
  return prefetchNext(load(prefetchNext(lease(batches, options), drop), options, signal), drop)
}

/** Starts to renew the leases of batches, and divides the batches into parts. */
async function* lease(batches: AsyncIterable<ClaimBatch>, options: LoadOptions): AsyncGenerator<LeasedPart> {
  for await (const { claims, claimedAt } of batches) {
    const lease = new Lease(claims, { ...options, claimedAt })
    const parts = byEvents(claims, options.concurrency)
    try {
      for (let part = parts.shift(); part; part = parts.shift()) yield { claims: part, lease }
    } finally {
      await lease.giveBack(parts.flat())
    }
  }
}

async function* load(
  parts: AsyncIterable<LeasedPart>,
  { store }: LoadOptions,
  signal: AbortSignal,
): AsyncGenerator<LoadedPart> {
  for await (const part of parts) {
    const ids = signal.aborted ? [] : part.claims.map(({ stream }) => stream.id)
    let events: LoadedPart['events']
    try {
      events = await store.eventsOfStreams(ids)
    } catch (error) {
      await part.lease.giveBack(part.claims)
      throw error
    }
    yield { ...part, events }
  }
}

function byEvents(claims: readonly ClaimedStream[], concurrency: number): ClaimedStream[][] {
  const parts: ClaimedStream[][] = []
  let events = 0
  for (const claim of claims) {
    events += claim.stream.eventCount
    const part = parts.at(-1)
    if (part && (events <= EVENTS_TOGETHER || part.length < concurrency)) part.push(claim)
    else {
      parts.push([claim])
      events = claim.stream.eventCount
    }
  }
  return parts
}
