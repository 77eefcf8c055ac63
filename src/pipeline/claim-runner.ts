import { messageOf } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'
import { ahead } from '../runtime/ahead.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ClaimedStream, Store } from '../store/store.ts'
import { Lease } from './lease.ts'
import { noteLost, type SettleContext, type Settled, settleRuns } from './settle-runs.ts'
import { SlowRuns } from './slow-runs.ts'
import type { RunResult, StreamRunner } from './stream-runner.ts'

export type ClaimRunnerOptions = {
  readonly store: Store
  readonly runner: StreamRunner
  readonly logger: Logger
  readonly leaseMs: number
  /** streams that run at the same time */
  readonly concurrency: number
  /** a run that takes longer holds up no other, ms (1000) */
  readonly slowAfterMs?: number | undefined
}

/** Streams of one claim, all of one firing. */
export type Claim = {
  readonly claims: readonly ClaimedStream[]
  /** when they were asked for, by performance.now() */
  readonly claimedAt: number
}

type Held = { readonly claims: readonly ClaimedStream[]; readonly lease: Lease }

/** Streams that can be run. */
type Portion = Held & { readonly events: Map<number, readonly StoredEvent[]> }

type Ran = {
  readonly results: readonly Settled[]
  /** to be given back, and run by whoever comes first */
  readonly unstarted: readonly ClaimedStream[]
  /** to be given back, and run later */
  readonly deferred: readonly ClaimedStream[]
}

/** Events of streams that are read at a time; of one stream all. */
const EVENTS_TOGETHER = 10_000
const SLOW_AFTER_MS = 1000
/** How long streams wait whose pipeline has too many slow runs. */
const DEFERRAL_MS = 5000

/**
 * Runs claimed streams: while the handlers of some are at work, the next are claimed and their events are read, and
 * the outcomes of those before are written.
 */
export class ClaimRunner {
  readonly #options: ClaimRunnerOptions
  readonly #settleContext: SettleContext
  readonly #slow = new SlowRuns()

  /** What runs when `settleContext.signal` aborts goes on to its end; what has not begun is given back. */
  constructor(options: ClaimRunnerOptions, settleContext: SettleContext) {
    this.#options = options
    this.#settleContext = settleContext
  }

  /** Runs that take long at this moment, by pipeline. */
  slowRuns(): ReadonlyMap<string, number> {
    return this.#slow.counts()
  }

  /** Why streams wait that are due; undefined: none does. */
  hindrance(): string | undefined {
    const full = [...this.#slow.counts().keys()].filter((pipeline) => this.#slow.isFull(pipeline))
    return full.length === 0 ? undefined : `too many runs wait for something in pipeline ${full.join(', ')}`
  }

  async slowRunsEnded(): Promise<void> {
    await this.#slow.ended()
  }

  /** Runs all to their end, one claim after the other; answers how many streams there were. */
  async runAll(claimed: AsyncIterable<Claim>): Promise<number> {
    const drop = (unused: Held) => this.#drop(unused)
    const portions = ahead(this.#load(ahead(this.#hold(claimed), drop)), drop)
    let count = 0
    let settling: Promise<void> = Promise.resolve()
    try {
      for await (const portion of portions) {
        count += portion.claims.length
        const ran = await this.#run(portion)
        try {
          await settling
        } finally {
          // Whatever became of those before, these have committed.
          settling = this.#settle(portion, ran)
          settling.catch(() => {})
        }
      }
    } finally {
      await settling
    }
    return count
  }

  /** Claims in parts, under leases that are renewed from now on. */
  async *#hold(claimed: AsyncIterable<Claim>): AsyncGenerator<Held> {
    const { store, leaseMs, logger } = this.#options
    for await (const { claims, claimedAt } of claimed) {
      const parts = byEvents(claims).map((part) => ({
        claims: part,
        lease: new Lease(part, { store, leaseMs, logger, claimedAt }),
      }))
      try {
        for (let part = parts.shift(); part; part = parts.shift()) yield part
      } finally {
        for (const part of parts) await this.#drop(part)
      }
    }
  }

  async *#load(parts: AsyncIterable<Held>): AsyncGenerator<Portion> {
    for await (const held of parts) {
      const { aborted } = this.#settleContext.signal
      const ids = aborted ? [] : held.claims.map(({ stream }) => stream.id)
      let events: Portion['events']
      try {
        events = await this.#options.store.eventsOfStreams(ids)
      } catch (error) {
        await this.#drop(held)
        throw error
      }
      yield { ...held, events }
    }
  }

  /** Gives back what was not run. */
  async #drop({ claims, lease }: Held): Promise<void> {
    lease.end()
    await this.#giveBack(claims)
  }

  /** Runs streams until they are done or the worker stops. */
  async #run({ claims, lease, events }: Portion): Promise<Ran> {
    const { runner, concurrency } = this.#options
    const { signal } = this.#settleContext
    const waiting = claims.values()
    const results: Settled[] = []
    const unstarted: ClaimedStream[] = []
    const deferred: ClaimedStream[] = []
    const lost: ClaimedStream[] = []
    const lanes = Array.from({ length: Math.min(concurrency, claims.length) }, async () => {
      for (const claim of waiting) {
        const { id } = claim.stream
        if (signal.aborted) unstarted.push(claim)
        // Another worker has it by now, or will: its handlers must not commit twice.
        else if (!lease.holds(id)) lost.push(claim)
        else if (this.#slow.isFull(runner.pipelineOf(claim))) deferred.push(claim)
        else {
          const running = runner.run(claim, events.get(id) ?? [], signal)
          // What its handlers read of them, decoded, must not be kept until the others are done.
          events.delete(id)
          const result = await this.#inTime(running)
          if (!result) this.#letRun(claim, running)
          else if (result.kind === 'stopped') unstarted.push(result.claim)
          else results.push(result)
        }
      }
    })
    await Promise.all(lanes)
    noteLost(lost, this.#settleContext)
    return { results, unstarted, deferred }
  }

  async #settle({ lease }: Portion, { results, unstarted, deferred }: Ran): Promise<void> {
    try {
      await settleRuns(results, this.#settleContext)
    } finally {
      await this.#giveBack(unstarted)
      await this.#giveBack(deferred, DEFERRAL_MS)
      lease.end()
    }
  }

  /** The result of a run; undefined when it takes long. */
  #inTime(running: Promise<RunResult>): Promise<RunResult | undefined> {
    const { slowAfterMs = SLOW_AFTER_MS } = this.#options
    if (slowAfterMs === Number.POSITIVE_INFINITY) return running
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, slowAfterMs, undefined)
      running.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }

  /** Lets a slow run go on by itself, under a lease of its own. */
  #letRun(claim: ClaimedStream, running: Promise<RunResult>): void {
    const { store, runner, leaseMs, logger } = this.#options
    const lease = new Lease([claim], { store, leaseMs, logger, claimedAt: performance.now() })
    void lease.renew()
    const ending = this.#settleSlow(claim, running)
      .catch((error) =>
        logger.error({ error: messageOf(error) }, 'the outcome of a stream could not be written'),
      )
      .finally(() => lease.end())
    this.#slow.add(runner.pipelineOf(claim) ?? '', ending)
  }

  async #settleSlow(claim: ClaimedStream, running: Promise<RunResult>): Promise<void> {
    const result = await running
    if (result.kind === 'stopped') await this.#giveBack([claim])
    else await settleRuns([result], this.#settleContext)
  }

  /** For another worker, or this one when it is started again. */
  async #giveBack(claims: readonly ClaimedStream[], waitMs = 0): Promise<void> {
    if (claims.length === 0) return
    const { store, logger } = this.#options
    try {
      await store.releaseClaims(claims, waitMs)
    } catch (error) {
      logger.warn({}, `streams wait until their lease runs out: ${messageOf(error)}`)
    }
  }
}

/** Claims in parts whose events fit into memory; one stream at least. */
function byEvents(claims: readonly ClaimedStream[]): ClaimedStream[][] {
  const parts: ClaimedStream[][] = []
  let events = 0
  for (const claim of claims) {
    events += claim.stream.eventCount
    const part = parts.at(-1)
    if (part && events <= EVENTS_TOGETHER) part.push(claim)
    else {
      parts.push([claim])
      events = claim.stream.eventCount
    }
  }
  return parts
}
