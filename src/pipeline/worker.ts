import { messageOf, TransientError } from '../domain/errors.ts'
import type { Firing } from '../domain/stream.ts'
import { microsFromInstant } from '../domain/time.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { EventClock } from '../runtime/event-clock.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ClaimedStream, Store } from '../store/store.ts'
import type { TriggerRouter } from '../streams/router.ts'
import { evaluateTimex, firstMoment } from '../timex/evaluate.ts'
import type { Expression } from '../timex/expression.ts'
import type { RunResult, StreamRunner } from './stream-runner.ts'

export type WorkerOptions = {
  readonly name: string
  readonly store: Store
  readonly router: TriggerRouter
  readonly runner: StreamRunner
  readonly clock: EventClock
  readonly logger: Logger
  /** most streams of one claim */
  readonly batchSize: number
  /** longest wait between two looks for due streams, ms */
  readonly delayMs: number
  readonly leaseMs: number
  /** streams that run at the same time */
  readonly concurrency: number
  /** old events are deleted before this time, at most so many at a time; undefined: never */
  readonly trim: { readonly age: Expression; readonly batchSize: number } | undefined
}

/** How the passes of a worker ended, in streams. */
export type WorkerCounters = { fired: number; expired: number; failed: number; lost: number; trimmed: number }

const FIRST_DELAY_MS = 50
const TRIM_INTERVAL_MS = 10_000

/** Claims due streams, runs their pipelines and completes them, those that fire first, then those that expire. */
export class Worker implements Service {
  readonly #options: WorkerOptions
  readonly #stopping = new AbortController()
  readonly counters: WorkerCounters = { fired: 0, expired: 0, failed: 0, lost: 0, trimmed: 0 }
  #running: Promise<void> = Promise.resolve()
  #trimmedAt = -Infinity

  constructor(options: WorkerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#running = this.#run()
  }

  /** Claims no more and finishes the streams in hand. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { delayMs, logger } = this.#options
    const { signal } = this.#stopping
    const idle = new Backoff({ initialMs: Math.min(FIRST_DELAY_MS, delayMs), maxMs: delayMs })
    let isFailing = false
    while (!signal.aborted) {
      try {
        const done = (await this.pass('fire')) + (await this.pass('expire'))
        await this.#trim()
        if (isFailing) logger.info({}, 'the database answers again')
        isFailing = false
        if (done > 0) {
          idle.reset()
          continue
        }
      } catch (error) {
        if (!(error instanceof TransientError))
          logger.error({ error: messageOf(error) }, 'a pass of the worker failed')
        else if (!isFailing) logger.warn({}, `${messageOf(error)}; trying again until it works`)
        isFailing = true
      }
      await sleep(idle.next(), signal)
    }
  }

  /** One look for due streams, run to their end; answers how many there were. */
  async pass(firing: Firing): Promise<number> {
    const { store, clock, batchSize, name, leaseMs } = this.#options
    const claims = await store.claimStreams({
      firing,
      now: clock.now(),
      limit: batchSize,
      worker: name,
      leaseMs,
    })
    if (claims.length === 0) return 0
    const stopRenewing = this.#renew(claims)
    try {
      await this.#settle(firing, await this.#runAll(claims))
    } finally {
      stopRenewing()
    }
    return claims.length
  }

  async #runAll(claims: readonly ClaimedStream[]): Promise<RunResult[]> {
    const { store, runner, concurrency } = this.#options
    const events = await store.eventsOfStreams(claims.map(({ stream }) => stream.id))
    const results: RunResult[] = []
    const waiting = [...claims]
    const lanes = Array.from({ length: Math.min(concurrency, claims.length) }, async () => {
      for (let claim = waiting.shift(); claim; claim = waiting.shift()) {
        results.push(await runner.run(claim, events.get(claim.stream.id) ?? []))
      }
    })
    await Promise.all(lanes)
    return results
  }

  async #settle(firing: Firing, results: readonly RunResult[]): Promise<void> {
    const { store, router, logger } = this.#options
    const runs = results.flatMap((result) => (result.kind === 'finished' ? [result.run] : []))
    const finished = await this.#untilDone(() => store.finishRuns(runs, router))
    this.counters[firing === 'fire' ? 'fired' : 'expired'] += finished.size
    this.#countLost(runs.length - finished.size)
    for (const result of results) {
      if (result.kind !== 'failed') continue
      const held = await this.#untilDone(() => store.failRun(result.run))
      if (!held) this.#countLost(1)
      this.counters.failed++
      const { stream } = result.run.claim
      if (result.run.retryInMs === undefined) {
        logger.error({ stream: stream.id, trigger: stream.name }, 'the stream is in its error state')
      }
    }
  }

  #countLost(count: number): void {
    if (count === 0) return
    this.counters.lost += count
    this.#options.logger.warn(
      { streams: count },
      'streams were taken over by another worker before they were done',
    )
  }

  /** The handlers have committed: their outcome is written as soon as the database takes it, as long as it takes. */
  async #untilDone<T>(work: () => Promise<T>): Promise<T> {
    const backoff = new Backoff({ initialMs: 50, maxMs: 5000 })
    for (;;) {
      try {
        return await work()
      } catch (error) {
        // Stopping must not wait for a database that is away: the lease runs out and another worker takes over.
        if (!(error instanceof TransientError) || this.#stopping.signal.aborted) throw error
        await sleep(backoff.next(), this.#stopping.signal)
      }
    }
  }

  #renew(claims: readonly ClaimedStream[]): () => void {
    const { store, name, leaseMs, logger } = this.#options
    const timer = setInterval(() => {
      store.renewLeases(claims, name, leaseMs).catch((error) => {
        logger.warn({}, `leases could not be renewed: ${messageOf(error)}`)
      })
    }, leaseMs / 3)
    return () => clearInterval(timer)
  }

  async #trim(): Promise<void> {
    const { trim, store, clock } = this.#options
    const machineNow = performance.now()
    if (!trim || machineNow - this.#trimmedAt < TRIM_INTERVAL_MS) return
    const olderThan = microsFromInstant(firstMoment(evaluateTimex(trim.age, { timestamp: clock.now() })))
    const trimmed = await store.trimEvents({ olderThan, limit: trim.batchSize })
    this.counters.trimmed += trimmed
    // A full batch means that there may be more.
    if (trimmed < trim.batchSize) this.#trimmedAt = machineNow
  }
}
