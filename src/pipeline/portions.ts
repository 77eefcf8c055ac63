import type { StoredEvent } from '../domain/event.ts'
import { ahead } from '../runtime/ahead.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Outage } from '../runtime/outage.ts'
import type { Queries } from '../store/ports/queries.ts'
import type { ClaimedStream, StreamRuns } from '../store/ports/stream-runs.ts'
import { Lease } from './lease.ts'

/** Streams of one claim, all of one kind of run. */
export type Claim = {
  readonly claims: readonly ClaimedStream[]
  /** when they were asked for, by performance.now() */
  readonly claimedAt: number
}

type Held = { readonly claims: readonly ClaimedStream[]; readonly lease: Lease }

/** Streams of a claim that can be run: whoever takes them ends their lease. */
export type Portion = Held & { readonly events: Map<number, readonly StoredEvent[]> }

export type PortionOptions = {
  readonly store: StreamRuns & Pick<Queries, 'eventsOfStreams'>
  readonly logger: Logger
  /** of the database */
  readonly outage: Outage
  readonly leaseMs: number
  /** streams that run at the same time */
  readonly concurrency: number
}

/** Events of streams that are read at a time, unless fewer streams have more than could run at the same time. */
const EVENTS_TOGETHER = 10_000

/**
 * Claims with their events, in portions that fit into memory: while one is worked on, the events of the next are read,
 * and the streams of the one after it are claimed. What nobody takes any more is given back. When `signal` aborts
 * the streams come without their events, not to be run.
 */
export function portionsOf(
  claimed: AsyncIterable<Claim>,
  options: PortionOptions,
  signal: AbortSignal,
): AsyncIterable<Portion> {
  const drop = ({ lease, claims }: Held) => lease.giveBack(claims)
  return ahead(load(ahead(hold(claimed, options), drop), options, signal), drop)
}

/** Leases are renewed from now on. */
async function* hold(claimed: AsyncIterable<Claim>, options: PortionOptions): AsyncGenerator<Held> {
  for await (const { claims, claimedAt } of claimed) {
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
  parts: AsyncIterable<Held>,
  { store }: PortionOptions,
  signal: AbortSignal,
): AsyncGenerator<Portion> {
  for await (const held of parts) {
    const ids = signal.aborted ? [] : held.claims.map(({ stream }) => stream.id)
    let events: Portion['events']
    try {
      events = await store.eventsOfStreams(ids)
    } catch (error) {
      await held.lease.giveBack(held.claims)
      throw error
    }
    yield { ...held, events }
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
