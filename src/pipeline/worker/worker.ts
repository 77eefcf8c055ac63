import type { EventClock } from '../../clock/event-clock.ts'
import { messageOf, TransientError } from '../../domain/errors.ts'
import type { RunKind } from '../../domain/stream.ts'
import { MICROS_PER_MINUTE, type Micros } from '../../domain/time.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import { Outage } from '../../runtime/outage.ts'
import type { TriggerRouter } from '../../streams/router.ts'
import type { TriggerDebug } from '../../streams/trigger-debug.ts'
import type { ClaimBatch } from './claim-batches.ts'
import { ClaimRunner, type ClaimRunnerOptions } from './claim-runner.ts'
import { ClaimSize } from './claim-size.ts'
import { ClaimSource } from './claim-source.ts'
import { Housekeeping, type HousekeepingOptions } from './housekeeping.ts'
import { createWorkerCounters, type WorkerCounters } from './worker-counters.ts'

export type WorkerOptions = Omit<ClaimRunnerOptions, 'outage' | 'onRan' | 'counters' | 'signal'> & {
  readonly store: ClaimRunnerOptions['store'] & HousekeepingOptions['store']
  readonly name: string
  readonly counters?: WorkerCounters
  /** counts the work of triggers with a debug_level */
  readonly debug?: TriggerDebug | undefined
  readonly router: TriggerRouter
  readonly clock: EventClock
  /** most streams of one claim */
  readonly batchSize: number
  /**
   * longest pause between two queries for due streams, ms; while the database is up a pause is at most
   * LOOK_MS
   */
  readonly delayMs: number
  /** see HousekeepingOptions */
  readonly trim: HousekeepingOptions['trim']
  readonly deadLetterDays?: number | undefined
}

/**
 * The pause of an idle worker, ms: other processes make streams due without notice, and the query is cheap.
 */
const LOOK_MS = 100
/**
 * The shortest pause, ms: a clock that stands just before the next due time must not keep the worker busy.
 */
const SHORTEST_REST_MS = 10
const RETRY_INTERVAL_MS = 500

/** A due time before which no stream is due. */
const NEVER = Number.MIN_SAFE_INTEGER
const NO_LIMITS = { fire: Number.MAX_SAFE_INTEGER, expire: Number.MAX_SAFE_INTEGER }

/**
 * Claims due streams, runs their pipelines and completes them. A worker that is late follows the order of due
 * times.
 *
 * docs/architecture/worker.md follows one stream through this class.
 *
 * @example
 * const worker = new Worker({ name, store, runner, router, clock, logger, ...limits })
 * await worker.start()
 * await worker.stop()
 */
export class Worker implements Service {
  readonly #options: WorkerOptions
  readonly #stopping = new AbortController()
  /** aborts when no more streams may be claimed; runs that have begun go on */
  readonly #retiring = new AbortController()
  readonly counters: WorkerCounters
  readonly #claimSource: ClaimSource
  readonly #claimRunner: ClaimRunner
  readonly #claimSize: ClaimSize
  readonly #databaseOutage: Outage
  readonly #housekeeping: Housekeeping
  #running: Promise<void> = Promise.resolve()
  #ended: Promise<void> | undefined
  #retriesAt = -Infinity
  #isTold = false
  #wake: () => void = () => {}

  constructor(options: WorkerOptions) {
    const { signal } = this.#stopping
    const { counters = createWorkerCounters() } = options
    this.#options = options
    this.counters = counters
    this.#housekeeping = new Housekeeping({
      store: options.store,
      trim: options.trim,
      deadLetterDays: options.deadLetterDays,
      onTrimmed: (count) => {
        counters.trimmed += count
      },
    })
    this.#databaseOutage = new Outage(options.logger, 'the database answers again')
    this.#claimSource = new ClaimSource({ ...options, signal: this.#retiring.signal })
    this.#claimSize = new ClaimSize(options.batchSize, options.concurrency)
    this.#claimRunner = new ClaimRunner({
      ...options,
      counters,
      signal,
      outage: this.#databaseOutage,
      onRan: (streams, ms) => this.#claimSize.follow(streams, ms),
    })
  }

  async start(): Promise<void> {
    this.#running = this.#run()
  }

  /** Claims no more streams, finishes those in hand and closes the steps of pipelines. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.retire()
  }

  /**
   * Claims no more streams and lets those in hand go on to their end, however long they wait for a receiver. Then
   * closes the steps of pipelines. A call of `stop` meanwhile ends the waiting.
   */
  retire(): Promise<void> {
    this.#retiring.abort()
    this.#wake()
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    await this.#running
    await this.#claimRunner.slowRunsEnded()
    await this.#options.runner.close()
  }

  /** Returns the number of slow runs at this moment, by pipeline. */
  slowRuns(): ReadonlyMap<string, number> {
    return this.#claimRunner.slowRuns()
  }

  /** Returns the reason why due streams wait, with the database's own words; undefined when none waits. */
  hindrance(): string | undefined {
    return this.#databaseOutage.reason ?? this.#claimRunner.hindrance()
  }

  /** Returns why receivers of handlers take nothing at the moment; the streams that go there wait. */
  away(): readonly string[] {
    return this.#options.runner.away()
  }

  /** Ends the present pause, since streams may have become due just now. */
  tell(): void {
    this.#isTold = true
    this.#wake()
  }

  /**
   * Claims one batch of due streams of one kind, and the streams of dead workers. Runs them to their end and
   * returns how many there were.
   */
  pass(kind: RunKind): Promise<number> {
    return this.#runAll(kind, this.#claimSource.once(kind))
  }

  async #run(): Promise<void> {
    const { delayMs, logger } = this.#options
    const { signal } = this.#retiring
    const backoff = new Backoff({ initialMs: LOOK_MS, maxMs: Math.max(delayMs, LOOK_MS) })
    while (!signal.aborted) {
      let restMs: number
      try {
        this.#isTold = false
        restMs = await this.#look()
        this.#databaseOutage.over()
        backoff.reset()
      } catch (error) {
        if (error instanceof TransientError) this.#databaseOutage.failed(messageOf(error))
        else logger.error({ error: messageOf(error) }, 'a pass of the worker failed')
        restMs = backoff.next()
      }
      await this.#rest(restMs)
    }
  }

  /** Runs the streams that are due. Returns for how long there is nothing to do, ms. */
  async #look(): Promise<number> {
    const { store, clock, delayMs } = this.#options
    const { fire, expire, retryInMs } = await store.nextDue(this.#areRetriesDue())
    const now = clock.now()
    const isRetryDue = retryInMs !== null && retryInMs <= 0
    const isDue = { fire: fire !== null && fire < now, expire: expire !== null && expire < now }
    const limits = isDue.fire && isDue.expire ? inOrder(fire as Micros, expire as Micros, now) : NO_LIMITS
    let done = 0
    for (const kind of ['fire', 'expire'] as const) {
      if (isRetryDue || (isDue[kind] && limits[kind] > NEVER)) done += await this.#runDue(kind, limits[kind])
    }
    const isTidying = await this.#housekeeping.step()
    if (done > 0) return 0
    if (isTidying) return SHORTEST_REST_MS
    // Due streams that were not claimed are being run by another worker at this moment.
    const waits = [fire, expire].map((at) => (at === null || at < now ? LOOK_MS : (at - now) / 1000))
    return Math.max(Math.min(LOOK_MS, delayMs, ...waits), SHORTEST_REST_MS)
  }

  /**
   * Whether to query for retries and leases now: they wait for seconds at least, and have no index of their
   * own.
   */
  #areRetriesDue(): boolean {
    const now = performance.now()
    if (now - this.#retriesAt < RETRY_INTERVAL_MS) return false
    this.#retriesAt = now
    return true
  }

  async #rest(ms: number): Promise<void> {
    if (ms <= 0 || this.#isTold || this.#retiring.signal.aborted) return
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await sleep(ms, woken.signal)
  }

  #runDue(kind: RunKind, before: Micros): Promise<number> {
    return this.#runAll(
      kind,
      this.#claimSource.whileDue(kind, () => this.#claimSize.size, before),
    )
  }

  /** Runs batches and then the streams of dead workers, and returns how many streams there were. */
  async #runAll(kind: RunKind, batches: AsyncIterable<ClaimBatch>): Promise<number> {
    let count = await this.#claimRunner.runAll(batches)
    for await (const orphan of this.#claimSource.orphans(kind, count === 0)) {
      count += await this.#claimRunner.runAll(only(orphan))
    }
    return count
  }
}

/**
 * Returns the due time up to which streams of each kind are run now, when streams of both kinds are due. A
 * late worker runs both in the order of their due times, exact to a minute or to a hundredth of its lag,
 * whichever is more.
 */
function inOrder(fire: Micros, expire: Micros, now: Micros): { readonly [kind in RunKind]: Micros } {
  const slack = Math.max(MICROS_PER_MINUTE, (now - Math.min(fire, expire)) / 100)
  return fire <= expire ? { fire: expire + slack, expire: NEVER } : { fire: NEVER, expire: fire + slack }
}

async function* only<T>(one: T): AsyncGenerator<T> {
  yield one
}
