import { messageOf, TransientError } from '../domain/errors.ts'
import type { Firing } from '../domain/stream.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { EventClock } from '../runtime/event-clock.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ClaimRequest, Store } from '../store/store.ts'
import type { TriggerRouter } from '../streams/router.ts'
import type { TriggerDebug } from '../streams/trigger-debug.ts'
import { type Claim, ClaimRunner } from './claim-runner.ts'
import { Housekeeping, type HousekeepingOptions } from './housekeeping.ts'
import type { StreamRunner } from './stream-runner.ts'
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
/** How long it claims due streams of one kind before it looks for others. */
const PASS_MS = 1000
const RETRY_INTERVAL_MS = 500
/** Most streams that are claimed, and whose outcomes are written, at a time. */
const CLAIMED_TOGETHER = 500

/** Claims due streams, runs their pipelines and completes them, those that fire first, then those that expire. */
export class Worker implements Service {
  readonly #options: WorkerOptions
  readonly #stopping = new AbortController()
  readonly counters: WorkerCounters
  readonly #claimRunner: ClaimRunner
  #running: Promise<void> = Promise.resolve()
  readonly #housekeeping: Housekeeping
  #retriesAt = -Infinity
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
    const { signal } = this.#stopping
    this.#claimRunner = new ClaimRunner(options, { ...options, counters: this.counters, signal })
  }

  async start(): Promise<void> {
    this.#running = this.#run()
  }

  /** Claims no more and finishes the streams in hand. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#running
    await this.#claimRunner.slowRunsEnded()
  }

  /** Runs that take long at this moment, by pipeline. */
  slowRuns(): ReadonlyMap<string, number> {
    return this.#claimRunner.slowRuns()
  }

  /** Why streams wait that are due; undefined: none does. */
  hindrance(): string | undefined {
    return this.#claimRunner.hindrance()
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
    if (isRetryDue || (fire !== null && fire < now))
      done += await this.pass('fire', performance.now() + PASS_MS)
    if (isRetryDue || (expire !== null && expire < now))
      done += await this.pass('expire', performance.now() + PASS_MS)
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

  /**
   * One look for due streams, a batch of them, run to their end; while there is time until `until`, by
   * performance.now(), it goes on with the next batch. Answers how many there were.
   */
  async pass(firing: Firing, until = 0): Promise<number> {
    const { clock, batchSize, name, leaseMs } = this.#options
    const request = { firing, now: clock.now(), limit: batchSize, worker: name, leaseMs }
    const count = await this.#claimRunner.runAll(this.#due(request, until))
    const taken = this.#isOrphanDue(firing, count === 0) ? await this.#takeOver(request) : 0
    return count + taken
  }

  /** Due streams, claimed as they are asked for: a batch of them, and more while there is time. */
  async *#due(request: ClaimRequest, until: number): AsyncGenerator<Claim> {
    const { store } = this.#options
    for (let left = request.limit; left > 0 || performance.now() < until; ) {
      if (this.#stopping.signal.aborted) return
      const limit = Math.min(left > 0 ? left : request.limit, CLAIMED_TOGETHER)
      const claimedAt = performance.now()
      const claims = await store.claimStreams({ ...request, limit })
      if (claims.length > 0) yield { claims, claimedAt }
      if (claims.length < limit) return
      left -= claims.length
    }
  }

  /** Streams of dead workers, each alone: one that kills its worker takes no other with it. */
  async #takeOver(request: ClaimRequest): Promise<number> {
    const until = performance.now() + TAKEOVER_MS
    for (let count = 0; ; count++) {
      const claimedAt = performance.now()
      const isOver = claimedAt > until || this.#stopping.signal.aborted
      const orphan = isOver ? undefined : await this.#options.store.claimOrphan(request)
      if (!orphan) return count
      await this.#claimRunner.runAll(only({ claims: [orphan], claimedAt }))
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
}

async function* only<T>(one: T): AsyncGenerator<T> {
  yield one
}
