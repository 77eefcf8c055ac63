import { messageOf } from '../domain/errors.ts'
import type { ClaimedStream } from '../store/ports/stream-runs.ts'
import { Lease } from './lease.ts'
import { type Claim, type Portion, type PortionOptions, portionsOf } from './portions.ts'
import { noteLost, type SettleContext, type Settled, settleRuns } from './settle-runs.ts'
import { type Running, SlowRuns } from './slow-runs.ts'
import type { RunResult, StreamRunner } from './stream-runner.ts'

export type ClaimRunnerOptions = PortionOptions & {
  readonly runner: StreamRunner
  /** a run that takes longer holds up no other, ms (1000) */
  readonly slowAfterMs?: number | undefined
  /** told how long the handlers of so many streams were at work */
  readonly onRan?: ((streams: number, ms: number) => void) | undefined
}

type Ran = {
  readonly results: readonly Settled[]
  /** to be given back, and run by whoever comes first */
  readonly unstarted: readonly ClaimedStream[]
  /** to be given back, and run later */
  readonly deferred: readonly ClaimedStream[]
}

const SLOW_AFTER_MS = 1000
/** How long streams wait whose pipeline has too many slow runs. */
const DEFERRAL_MS = 5000

/** Runs claimed streams; while the handlers of some are at work, the outcomes of those before are written. */
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

  /** Runs all to their end, one portion after the other; answers how many streams there were. */
  async runAll(claimed: AsyncIterable<Claim>): Promise<number> {
    let count = 0
    let settling: Promise<void> = Promise.resolve()
    try {
      for await (const portion of portionsOf(claimed, this.#options, this.#settleContext.signal)) {
        count += portion.claims.length
        const begun = performance.now()
        const ran = await this.#run(portion)
        this.#options.onRan?.(portion.claims.length, performance.now() - begun)
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
        else if (!this.#slow.mayBegin(runner.pipelineOf(claim))) deferred.push(claim)
        else {
          const own = events.get(id) ?? []
          const place = { pipeline: runner.pipelineOf(claim) ?? '', events: own.length, isAlone: false }
          const running = runner.run(claim, own, signal, () => {
            place.isAlone = true
          })
          // What its handlers read of them, decoded, must not be kept until the others are done.
          events.delete(id)
          const result = await this.#inTime(running)
          if (!result) this.#letRun(claim, running, place)
          else if (result.kind === 'stopped') unstarted.push(result.claim)
          else results.push(result)
        }
      }
    })
    await Promise.all(lanes)
    noteLost(lost, this.#settleContext)
    return { results, unstarted, deferred }
  }

  async #settle({ claims, lease }: Portion, { results, unstarted, deferred }: Ran): Promise<void> {
    try {
      await settleRuns(results, this.#settleContext)
    } finally {
      await lease.giveBack(unstarted)
      await lease.giveBack(deferred, DEFERRAL_MS)
      lease.end(claims)
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
  #letRun(claim: ClaimedStream, running: Promise<RunResult>, place: Running): void {
    const { logger } = this.#options
    const lease = new Lease([claim], { ...this.#options, claimedAt: performance.now() })
    void lease.renew()
    const ending = this.#settleSlow(claim, lease, running)
      .catch((error) =>
        logger.error({ error: messageOf(error) }, 'the outcome of a stream could not be written'),
      )
      .finally(() => lease.end([claim]))
    this.#slow.add(place, ending)
  }

  async #settleSlow(claim: ClaimedStream, lease: Lease, running: Promise<RunResult>): Promise<void> {
    const result = await running
    if (result.kind === 'stopped') await lease.giveBack([claim])
    else await settleRuns([result], this.#settleContext)
  }
}
