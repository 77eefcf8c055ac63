import { messageOf, TransientError } from '../domain/errors.ts'
import type { Firing } from '../domain/stream.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { EventClock } from '../runtime/event-clock.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ClaimedStream, ClaimRequest, Store } from '../store/store.ts'
import type { TriggerRouter } from '../streams/router.ts'
import type { TriggerDebug } from '../streams/trigger-debug.ts'
import { Housekeeping, type HousekeepingOptions } from './housekeeping.ts'
import { Lease } from './lease.ts'
import { noteLost, type SettleContext, type Settled, settleRuns } from './settle-runs.ts'
import { SlowRuns } from './slow-runs.ts'
import type { RunResult, StreamRunner } from './stream-runner.ts'
import { createWorkerCounters, type WorkerCounters } from './worker-counters.ts'

export type WorkerOptions = {
  readonly name: string
  readonly counters?: WorkerCounters
  /** what triggers with a debug_level do is counted there */
  readonly debug?: TriggerDebug | undefined
  readonly store: Store
  readonly router: TriggerRouter
  readonly runner: StreamRunner
  readonly clock: EventClock
  readonly logger: Logger
  /** most streams of one claim */
  readonly batchSize: number
  /** longest wait between two looks for due streams, ms; while the database answers it looks ten times a second */
  readonly delayMs: number
  readonly leaseMs: number
  /** streams that run at the same time */
  readonly concurrency: number
  /** a run that takes longer holds up no other, ms (1000) */
  readonly slowAfterMs?: number | undefined
  /** see HousekeepingOptions */
  readonly trim: HousekeepingOptions['trim']
  readonly deadLetterDays?: number | undefined
}

/** Other processes make streams due without a word: a worker with nothing to do looks so often, by one cheap query. */
const LOOK_MS = 100
/** A clock that stands just before the next due time must not keep it busy. */
const SHORTEST_REST_MS = 10
const ORPHAN_INTERVAL_MS = 5000
/** How long streams of dead workers are run before it looks for others that are due. */
const TAKEOVER_MS = 1000
const RETRY_INTERVAL_MS = 500
const SLOW_AFTER_MS = 1000
/** How long streams wait whose pipeline has too many slow runs. */
const DEFERRAL_MS = 5000
/** Streams whose events are read, and whose outcomes are written, at a time. */
const RUNS_TOGETHER = 200

/** Claims that are given back. */
type Left = { readonly unstarted: ClaimedStream[]; readonly deferred: ClaimedStream[] }

/** Claims due streams, runs their pipelines and completes them, those that fire first, then those that expire. */
export class Worker implements Service {
  readonly #options: WorkerOptions
  readonly #stopping = new AbortController()
  readonly counters: WorkerCounters
  readonly #settleContext: SettleContext
  #running: Promise<void> = Promise.resolve()
  readonly #housekeeping: Housekeeping
  #retriesAt = -Infinity
  readonly #slow = new SlowRuns()
  #isTold = false
  #wake: () => void = () => {}
  readonly #orphansAt: { [firing in Firing]: number } = { fire: -Infinity, expire: -Infinity }

  constructor(options: WorkerOptions) {
    this.#options = options
    this.counters = options.counters ?? createWorkerCounters()
    this.#housekeeping = new Housekeeping({
      store: options.store,
      trim: options.trim,
      deadLetterDays: options.deadLetterDays,
      onTrimmed: (count) => {
        this.counters.trimmed += count
      },
    })
    this.#settleContext = { ...options, counters: this.counters, signal: this.#stopping.signal }
  }

  async start(): Promise<void> {
    this.#running = this.#run()
  }

  /** Claims no more and finishes the streams in hand. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#running
    await this.#slow.ended()
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

  /** Streams may have become due just now: look at once. */
  tell(): void {
    this.#isTold = true
    this.#wake()
  }

  async #run(): Promise<void> {
    const { delayMs, logger } = this.#options
    const { signal } = this.#stopping
    const backoff = new Backoff({ initialMs: LOOK_MS, maxMs: Math.max(delayMs, LOOK_MS) })
    let isFailing = false
    while (!signal.aborted) {
      let restMs: number
      try {
        this.#isTold = false
        restMs = await this.#look()
        if (isFailing) logger.info({}, 'the database answers again')
        isFailing = false
        backoff.reset()
      } catch (error) {
        if (!(error instanceof TransientError))
          logger.error({ error: messageOf(error) }, 'a pass of the worker failed')
        else if (!isFailing) logger.warn({}, `${messageOf(error)}; trying again until it works`)
        isFailing = true
        restMs = backoff.next()
      }
      await this.#rest(restMs)
    }
  }

  /** Runs what is due; answers for how many ms there is nothing to do. */
  async #look(): Promise<number> {
    const { store, clock, delayMs } = this.#options
    const { fire, expire, retryInMs } = await store.nextDue(this.#areRetriesDue())
    const now = clock.now()
    const isRetryDue = retryInMs !== null && retryInMs <= 0
    let done = 0
    if (isRetryDue || (fire !== null && fire < now)) done += await this.pass('fire')
    if (isRetryDue || (expire !== null && expire < now)) done += await this.pass('expire')
    const isTidying = await this.#housekeeping.step()
    if (done > 0) return 0
    if (isTidying) return SHORTEST_REST_MS
    // What is due and was not claimed is in the hands of another worker at this moment.
    const waits = [fire, expire].map((at) => (at === null || at < now ? LOOK_MS : (at - now) / 1000))
    return Math.max(Math.min(LOOK_MS, delayMs, ...waits), SHORTEST_REST_MS)
  }

  /** Retries and leases wait for seconds at least, and have no index of their own. */
  #areRetriesDue(): boolean {
    const now = performance.now()
    if (now - this.#retriesAt < RETRY_INTERVAL_MS) return false
    this.#retriesAt = now
    return true
  }

  async #rest(ms: number): Promise<void> {
    if (ms <= 0 || this.#isTold || this.#stopping.signal.aborted) return
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await sleep(ms, woken.signal)
  }

  /** One look for due streams, run to their end; answers how many there were. */
  async pass(firing: Firing): Promise<number> {
    const { store, clock, batchSize, name, leaseMs } = this.#options
    const request = { firing, now: clock.now(), limit: batchSize, worker: name, leaseMs }
    const claimedAt = performance.now()
    const claims = await store.claimStreams(request)
    await this.#carryOut(firing, claims, claimedAt)
    const taken = this.#isOrphanDue(firing, claims.length === 0) ? await this.#takeOver(request) : 0
    return claims.length + taken
  }

  /** Streams of dead workers, each alone: one that kills its worker takes no other with it. */
  async #takeOver(request: ClaimRequest): Promise<number> {
    const until = performance.now() + TAKEOVER_MS
    for (let count = 0; ; count++) {
      const claimedAt = performance.now()
      const isOver = claimedAt > until || this.#stopping.signal.aborted
      const orphan = isOver ? undefined : await this.#options.store.claimOrphan(request)
      if (!orphan) return count
      await this.#carryOut(request.firing, [orphan], claimedAt)
    }
  }

  /** Streams of dead workers are looked for however busy this one is. */
  #isOrphanDue(firing: Firing, isIdle: boolean): boolean {
    const now = performance.now()
    const interval = Math.min(this.#options.leaseMs / 2, ORPHAN_INTERVAL_MS)
    if (!isIdle && now - this.#orphansAt[firing] < interval) return false
    this.#orphansAt[firing] = now
    return true
  }

  async #carryOut(firing: Firing, claims: readonly ClaimedStream[], claimedAt: number): Promise<void> {
    if (claims.length === 0) return
    const { store, leaseMs, logger } = this.#options
    const lease = new Lease(claims, { store, leaseMs, logger, claimedAt })
    try {
      await this.#runAndSettle(firing, claims, lease)
    } finally {
      lease.end()
    }
  }

  /**
   * While the outcomes of some streams are written, the events of the next are read and their handlers run. A stop
   * gives back what has not begun; what has too many slow runs before it waits.
   */
  async #runAndSettle(firing: Firing, claims: readonly ClaimedStream[], lease: Lease): Promise<void> {
    const left: Left = { unstarted: [], deferred: [] }
    let settling: Promise<void> = Promise.resolve()
    try {
      for (let at = 0; at < claims.length; at += RUNS_TOGETHER) {
        const part = claims.slice(at, at + RUNS_TOGETHER)
        const results = await this.#runAll(part, lease, left)
        try {
          await settling
        } finally {
          // Whatever became of those before, these have committed.
          settling = settleRuns(firing, results, this.#settleContext)
          settling.catch(() => {})
        }
      }
    } finally {
      await settling
    }
    await this.#giveBack(left.unstarted)
    await this.#giveBack(left.deferred, DEFERRAL_MS)
  }

  /** Runs streams until they are done or the worker stops; adds those that are to be run again to `left`. */
  async #runAll(claims: readonly ClaimedStream[], lease: Lease, left: Left): Promise<Settled[]> {
    const { store, runner, concurrency } = this.#options
    const { signal } = this.#stopping
    const waiting = [...claims]
    const results: Settled[] = []
    const events = signal.aborted
      ? new Map()
      : await store.eventsOfStreams(claims.map(({ stream }) => stream.id))
    const lost: ClaimedStream[] = []
    const lanes = Array.from({ length: Math.min(concurrency, claims.length) }, async () => {
      while (!signal.aborted) {
        const claim = waiting.shift()
        if (!claim) break
        // Another worker has it by now, or will: its handlers must not commit twice.
        if (!lease.holds(claim.stream.id)) lost.push(claim)
        else if (this.#slow.isFull(runner.pipelineOf(claim))) left.deferred.push(claim)
        else {
          const running = runner.run(claim, events.get(claim.stream.id) ?? [], signal)
          const result = await this.#inTime(running)
          if (!result) this.#letRun(claim, running)
          else if (result.kind === 'stopped') left.unstarted.push(result.claim)
          else results.push(result)
        }
      }
    })
    await Promise.all(lanes)
    noteLost(lost, this.#settleContext)
    left.unstarted.push(...waiting)
    return results
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
    else await settleRuns(claim.firing, [result], this.#settleContext)
  }

  /** For another worker, or this one when it is started again. */
  async #giveBack(claims: readonly ClaimedStream[], waitMs = 0): Promise<void> {
    const { store, logger } = this.#options
    try {
      await store.releaseClaims(claims, waitMs)
    } catch (error) {
      logger.warn({}, `streams wait until their lease runs out: ${messageOf(error)}`)
    }
  }
}
