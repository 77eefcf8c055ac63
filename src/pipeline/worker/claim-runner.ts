import { messageOf } from '../../domain/errors.ts'
import type { ClaimedStream } from '../../store/ports/stream-runs.ts'
import { type ClaimBatch, type LoadedPart, type LoadOptions, loadParts } from './claim-batches.ts'
import { Lease } from './lease.ts'
import { type Running, SlowRuns } from './slow-runs.ts'
import type { RunResult, StreamRunner } from './stream-runner.ts'
import { countLost, type OutcomeContext, type RunOutcome, writeOutcomes } from './write-outcomes.ts'

export type ClaimRunnerOptions = LoadOptions &
  OutcomeContext & {
    readonly runner: StreamRunner
    /** a run that takes longer goes on by itself and delays no other, ms (1000) */
    readonly slowAfterMs?: number | undefined
    /** called with the number of streams of a part and the time that their handlers took, ms */
    readonly onRan?: ((streams: number, ms: number) => void) | undefined
  }

/** The result of running the streams of a part. */
type Ran = {
  readonly outcomes: readonly RunOutcome[]
  /** streams to be released, for the first worker that claims them */
  readonly unstarted: readonly ClaimedStream[]
  /** streams to be released, and run after DEFERRAL_MS */
  readonly deferred: readonly ClaimedStream[]
}

const SLOW_AFTER_MS = 1000
/** How long streams wait when their pipeline has too many slow runs, ms. */
const DEFERRAL_MS = 5000

/**
 * Runs claimed streams. While the handlers of one part are at work, the outcomes of the part before are
 * written. When `signal` aborts, runs that have begun go on to their end and the other streams are released.
 */
export class ClaimRunner {
  readonly #options: ClaimRunnerOptions
  readonly #slow = new SlowRuns()

  constructor(options: ClaimRunnerOptions) {
    this.#options = options
  }

  /** Returns the number of slow runs at this moment, by pipeline. */
  slowRuns(): ReadonlyMap<string, number> {
    return this.#slow.counts()
  }

  /** Returns the reason why due streams wait; undefined when none waits. */
  hindrance(): string | undefined {
    const full = [...this.#slow.counts().keys()].filter((pipeline) => this.#slow.isFull(pipeline))
    return full.length === 0 ? undefined : `too many runs wait for something in pipeline ${full.join(', ')}`
  }

  /** Resolves when the slow runs have ended. */
  async slowRunsEnded(): Promise<void> {
    await this.#slow.ended()
  }

  /** Runs the streams of all batches, part by part, and returns how many there were. */
  async runAll(batches: AsyncIterable<ClaimBatch>): Promise<number> {
    let count = 0
    let writing: Promise<void> = Promise.resolve()
    try {
      for await (const part of loadParts(batches, this.#options, this.#options.signal)) {
        count += part.claims.length
        const begun = performance.now()
        const ran = await this.#run(part)
        this.#options.onRan?.(part.claims.length, performance.now() - begun)
        try {
          await writing
        } finally {
          // These runs have committed, even if the outcomes of the part before could not be written.
          writing = this.#write(part, ran)
          writing.catch(() => {})
        }
      }
    } finally {
      await writing
    }
    return count
  }

  /** Runs streams until they are done or the worker stops. */
  async #run({ claims, lease, events }: LoadedPart): Promise<Ran> {
    const { runner, concurrency, signal } = this.#options
    const waiting = claims.values()
    const outcomes: RunOutcome[] = []
    const unstarted: ClaimedStream[] = []
    const deferred: ClaimedStream[] = []
    const lost: ClaimedStream[] = []
    const lanes = Array.from({ length: Math.min(concurrency, claims.length) }, async () => {
      for (const claim of waiting) {
        const { id } = claim.stream
        if (signal.aborted) unstarted.push(claim)
        // Another worker has taken the stream over, or may: its handlers must not commit twice.
        else if (!lease.holds(id)) lost.push(claim)
        else if (!this.#slow.mayBegin(runner.pipelineOf(claim))) deferred.push(claim)
        else {
          const own = events.get(id) ?? []
          const place = { pipeline: runner.pipelineOf(claim) ?? '', events: own.length, isAlone: false }
          const running = runner.run(claim, own, signal, () => {
            place.isAlone = true
          })
          // Events that handlers have decoded must not stay in memory until the other streams are done.
          events.delete(id)
          const result = await this.#inTime(running)
          if (!result) this.#letRun(claim, running, place)
          else if (result.kind === 'stopped') unstarted.push(result.claim)
          else outcomes.push(result)
        }
      }
    })
    await Promise.all(lanes)
    countLost(lost, this.#options)
    return { outcomes, unstarted, deferred }
  }

  async #write({ claims, lease }: LoadedPart, { outcomes, unstarted, deferred }: Ran): Promise<void> {
    try {
      await writeOutcomes(outcomes, this.#options)
    } finally {
      await lease.giveBack(unstarted)
      await lease.giveBack(deferred, DEFERRAL_MS)
      lease.end(claims)
    }
  }

  /** Resolves to the result of a run, or to undefined when the run takes long. */
  #inTime(running: Promise<RunResult>): Promise<RunResult | undefined> {
    const { slowAfterMs = SLOW_AFTER_MS } = this.#options
    if (slowAfterMs === Number.POSITIVE_INFINITY) return running
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, slowAfterMs, undefined)
      running.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }

  /** Lets a slow run go on by itself, under a lease of its own. */
  #letRun(claim: ClaimedStream, running: Promise<RunResult>, place: Running): void {
    const { logger } = this.#options
    const lease = new Lease([claim], { ...this.#options, claimedAt: performance.now() })
    void lease.renew()
    const ending = this.#writeSlow(claim, lease, running)
      .catch((error) =>
        logger.error({ error: messageOf(error) }, 'the outcome of a stream could not be written'),
      )
      .finally(() => lease.end([claim]))
    this.#slow.add(place, ending)
  }

  async #writeSlow(claim: ClaimedStream, lease: Lease, running: Promise<RunResult>): Promise<void> {
    const result = await running
    if (result.kind === 'stopped') await lease.giveBack([claim])
    else await writeOutcomes([result], this.#options)
  }
}
