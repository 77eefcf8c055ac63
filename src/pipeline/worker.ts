import type { EventClock } from '../clock/event-clock.ts'
import { messageOf, TransientError } from '../domain/errors.ts'
import type { RunKind } from '../domain/stream.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Service } from '../runtime/lifecycle.ts'
import { Outage } from '../runtime/outage.ts'
import type { ClaimRequest } from '../store/ports/stream-runs.ts'
import type { TriggerRouter } from '../streams/router.ts'
import type { TriggerDebug } from '../streams/trigger-debug.ts'
import { ClaimRunner, type ClaimRunnerOptions } from './claim-runner.ts'
import { ClaimSize } from './claim-size.ts'
import { Housekeeping, type HousekeepingOptions } from './housekeeping.ts'
import type { Claim } from './portions.ts'
import { createWorkerCounters, type WorkerCounters } from './worker-counters.ts'

export type WorkerOptions = Omit<ClaimRunnerOptions, 'outage' | 'onRan'> & {
  readonly store: ClaimRunnerOptions['store'] & HousekeepingOptions['store']
  readonly name: string
  readonly counters?: WorkerCounters
  /** what triggers with a debug_level do is counted there */
  readonly debug?: TriggerDebug | undefined
  readonly router: TriggerRouter
  readonly clock: EventClock
  /** most streams of one claim */
  readonly batchSize: number
  /** longest wait between two looks for due streams, ms; while the database answers it looks ten times a second */
  readonly delayMs: number
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

/** Claims due streams, runs their pipelines and completes them, those that fire first, then those that expire. */
export class Worker implements Service {
  readonly #options: WorkerOptions
  readonly #stopping = new AbortController()
  readonly counters: WorkerCounters
  readonly #claimRunner: ClaimRunner
  readonly #claimSize: ClaimSize
  /** of the database */
  readonly #outage: Outage
  #running: Promise<void> = Promise.resolve()
  readonly #housekeeping: Housekeeping
  #retriesAt = -Infinity
  #isTold = false
  #wake: () => void = () => {}
  readonly #orphansAt: { [kind in RunKind]: number } = { fire: -Infinity, expire: -Infinity }

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
    this.#claimSize = new ClaimSize(options.batchSize, options.concurrency)
    this.#outage = new Outage(options.logger, 'the database answers again')
    const shared = { ...options, outage: this.#outage }
    const onRan = (streams: number, ms: number) => this.#claimSize.follow(streams, ms)
    this.#claimRunner = new ClaimRunner({ ...shared, onRan }, { ...shared, counters: this.counters, signal })
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
    while (!signal.aborted) {
      let restMs: number
      try {
        this.#isTold = false
        restMs = await this.#look()
        this.#outage.over()
        backoff.reset()
      } catch (error) {
        if (error instanceof TransientError) this.#outage.failed(messageOf(error))
        else logger.error({ error: messageOf(error) }, 'a pass of the worker failed')
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
      done += await this.#carryOut('fire', (request) => this.#claimOn(request))
    if (isRetryDue || (expire !== null && expire < now))
      done += await this.#carryOut('expire', (request) => this.#claimOn(request))
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

  /** One claim of due streams, run to their end; answers how many there were. */
  pass(kind: RunKind): Promise<number> {
    return this.#carryOut(kind, (request) => this.#claimOnce(request))
  }

  async #carryOut(kind: RunKind, claim: (request: ClaimRequest) => AsyncIterable<Claim>): Promise<number> {
    const { clock, batchSize, name, leaseMs } = this.#options
    const request = { kind, now: clock.now(), limit: batchSize, worker: name, leaseMs }
    const count = await this.#claimRunner.runAll(claim(request))
    const taken = this.#isOrphanDue(kind, count === 0) ? await this.#takeOver(request) : 0
    return count + taken
  }

  async *#claimOnce(request: ClaimRequest): AsyncGenerator<Claim> {
    const claimedAt = performance.now()
    const claims = await this.#options.store.claimStreams(request)
    if (claims.length > 0) yield { claims, claimedAt }
  }

  /** Claim after claim, as they are asked for, as long as more are due and there is time. */
  async *#claimOn(request: ClaimRequest): AsyncGenerator<Claim> {
    const until = performance.now() + PASS_MS
    while (performance.now() < until && !this.#stopping.signal.aborted) {
      const limit = this.#claimSize.size
      const claimedAt = performance.now()
      const claims = await this.#options.store.claimStreams({ ...request, limit })
      if (claims.length > 0) yield { claims, claimedAt }
      if (claims.length < limit) return
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
  #isOrphanDue(kind: RunKind, isIdle: boolean): boolean {
    const now = performance.now()
    const interval = Math.min(this.#options.leaseMs / 2, ORPHAN_INTERVAL_MS)
    if (!isIdle && now - this.#orphansAt[kind] < interval) return false
    this.#orphansAt[kind] = now
    return true
  }
}

async function* only<T>(one: T): AsyncGenerator<T> {
  yield one
}
