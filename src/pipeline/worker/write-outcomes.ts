import { messageOf, TransientError } from '../../domain/errors.ts'
import type { Router } from '../../domain/routing.ts'
import type { TallyBook } from '../../domain/tally.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Outage } from '../../runtime/outage.ts'
import { retry } from '../../runtime/retry.ts'
import type { ClaimedStream, FailedRun, FinishedRun, StreamRuns } from '../../store/ports/stream-runs.ts'
import type { TriggerDebug } from '../../streams/trigger-debug.ts'
import type { RunResult } from './stream-runner.ts'
import type { WorkerCounters } from './worker-counters.ts'

/** The outcome of a stream that was run to its end. */
export type RunOutcome = Exclude<RunResult, { kind: 'stopped' }>

export type OutcomeContext = {
  readonly store: Pick<StreamRuns, 'finishRuns' | 'failRun'>
  readonly router: Router
  readonly logger: Logger
  /** the outage of the database */
  readonly outage: Outage
  readonly counters: WorkerCounters
  readonly debug?: TriggerDebug | undefined
  /** counts the outcomes by trigger */
  readonly tally?: Pick<TallyBook, 'add'> | undefined
  /**
   * aborts when the worker stops: outcomes that cannot be written then are left to the worker that takes over
   */
  readonly signal: AbortSignal
}

/**
 * Writes the outcomes of streams: those without new events together, those with new events by generation,
 * failed ones one by one. Repeats while the database is away, since the handlers have committed.
 */
export async function writeOutcomes(outcomes: readonly RunOutcome[], context: OutcomeContext): Promise<void> {
  const runs = outcomes.flatMap((outcome) => (outcome.kind === 'finished' ? [outcome.run] : []))
  const quiet = runs.filter(({ newEvents }) => newEvents.length === 0)
  const producing = runs.filter(({ newEvents }) => newEvents.length > 0)
  // Each generation is one transaction, so that none of its runs is finished when it is repeated.
  const generations = [...Map.groupBy(producing, ({ claim }) => claim.stream.generation).values()]
  const failed = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.run] : []))
  await each([
    () => finish(quiet, context),
    ...generations.map((group) => () => finishTogether(group, context)),
    ...failed.map((run) => () => fail(run, context)),
  ])
}

/** Does all works in turn, even after one fails, then throws the first error. */
async function each(works: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = []
  for (const work of works) await work().catch((error) => errors.push(error))
  if (errors.length > 0) throw errors[0]
}

async function finish(runs: readonly FinishedRun[], context: OutcomeContext): Promise<void> {
  if (runs.length === 0) return
  const { store, router, counters, debug, tally } = context
  const finished = await untilDone(() => store.finishRuns(runs, router), context)
  const commitFailures = runs.filter(
    ({ claim, lastError }) => lastError !== null && finished.has(claim.stream.id),
  ).length
  counters.commitFailures += commitFailures
  countLetters(counters, 'commit', commitFailures)
  const [done, lost] = partition(
    runs.map(({ claim }) => claim),
    ({ stream }) => finished.has(stream.id),
  )
  for (const { stream, kind } of done) {
    counters[kind === 'fire' ? 'fired' : 'expired']++
    debug?.bump(stream.name, kind === 'fire' ? 'Streams fired' : 'Streams expired')
    tally?.add(kind === 'fire' ? 'fired' : 'expired', stream.name)
    if (kind === 'fire' && stream.fireTimestamp !== null)
      tally?.add('fire_time', stream.name, '', 1, stream.fireTimestamp - stream.firstEvent)
  }
  countLost(lost, context)
}

/**
 * Finishes runs together, or one by one when the store refuses them. A run whose events cannot be stored
 * fails alone.
 */
async function finishTogether(runs: readonly FinishedRun[], context: OutcomeContext): Promise<void> {
  try {
    await finish(runs, context)
  } catch (error) {
    if (error instanceof TransientError) throw error
    const [run] = runs
    if (runs.length > 1) for (const one of runs) await finishTogether([one], context)
    else if (run) {
      const reason = `its events cannot be stored: ${messageOf(error)}`
      await fail({ claim: run.claim, error: reason, retryInMs: undefined }, context)
    }
  }
}

async function fail(run: FailedRun, context: OutcomeContext): Promise<void> {
  const { store, logger, counters, tally } = context
  const wasHeld = await untilDone(() => store.failRun(run), context)
  if (!wasHeld) {
    countLost([run.claim], context)
    return
  }
  counters.failed++
  if (run.retryInMs !== undefined) counters.retries++
  else countLetters(counters, 'pipeline', 1)
  const { stream } = run.claim
  if (run.retryInMs === undefined) {
    tally?.add('failed', stream.name)
    logger.error(
      { stream: stream.id, trigger: stream.name, error: run.error },
      'the stream is in its error state',
    )
  }
}

function countLetters(counters: WorkerCounters, stage: string, count: number): void {
  if (count === 0) return
  counters.deadLettersByStage[stage] = (counters.deadLettersByStage[stage] ?? 0) + count
}

/** Counts and logs streams that this worker has lost to another one. */
export function countLost(
  lost: readonly ClaimedStream[],
  { counters, debug, logger }: Pick<OutcomeContext, 'counters' | 'debug' | 'logger'>,
): void {
  if (lost.length === 0) return
  counters.lost += lost.length
  for (const { stream } of lost) debug?.bump(stream.name, 'Locked')
  logger.warn(
    { streams: lost.length },
    'streams were taken over by another worker, or their outcome had been written already',
  )
}

function partition<T>(all: readonly T[], holds: (one: T) => boolean): readonly [T[], T[]] {
  return [all.filter(holds), all.filter((one) => !holds(one))]
}

/**
 * Repeats `work` while the database is away. Gives up when `signal` aborts: the lease runs out and another
 * worker takes over.
 */
function untilDone<T>(work: () => Promise<T>, { outage, signal }: OutcomeContext): Promise<T> {
  return retry(work, { waits: { initialMs: 50, maxMs: 5000 }, signal, outage })
}
