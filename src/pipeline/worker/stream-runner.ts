import type { EventClock } from '../../clock/event-clock.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Event, StoredEvent } from '../../domain/event.ts'
import { awayReceivers } from '../../publishing/open-receiver.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { ClaimedStream, FailedRun, FinishedRun } from '../../store/ports/stream-runs.ts'
import type { TriggerRouter } from '../../streams/router.ts'
import type { Trigger } from '../../streams/trigger.ts'
import type { TriggerDebug } from '../../streams/trigger-debug.ts'
import type { HandlerContext, HandlerServices } from '../handler.ts'
import { createHandlerContext } from '../handlers/handler-context.ts'
import { OpenedSteps } from '../handlers/opened-steps.ts'
import type { Pipeline } from '../load-pipelines.ts'
import { type PipelineOutcome, runPipeline, type StepObserver } from './run-pipeline.ts'

export type StreamRunnerOptions = {
  readonly router: TriggerRouter
  readonly pipelines: ReadonlyMap<string, Pipeline>
  /** the same for streams whose runs must send nothing */
  readonly quietPipelines?: ReadonlyMap<string, Pipeline> | undefined
  readonly clock: EventClock
  readonly logger: Logger
  /** gives publishers to handlers; undefined where there is no broker */
  readonly publisherFor?: HandlerContext['publisherFor'] | undefined
  /** looks up stored events for handlers; undefined where none are stored */
  readonly findEvents?: HandlerContext['findEvents']
  readonly purge: boolean
  /** most further runs after the first one failed */
  readonly retries: number
  readonly observer?: RunObserver | undefined
  /** counts the work of triggers with a debug_level */
  readonly debug?: TriggerDebug | undefined
  /** how often in a row new events of pipelines may feed streams; undefined: any number of times */
  readonly maxGenerations?: number | undefined
}

type HandlerLabels = { readonly pipeline: string } & Parameters<StepObserver>[0]

/** Called with the duration of runs and of their steps, s. */
export type RunObserver = {
  onPipeline(labels: { readonly pipeline: string; readonly outcome: string }, seconds: number): void
  onHandler(labels: HandlerLabels, seconds: number): void
}

export type RunResult =
  | { readonly kind: 'finished'; readonly run: FinishedRun }
  | { readonly kind: 'failed'; readonly run: FailedRun }
  /** the worker stopped in the middle of the run */
  | { readonly kind: 'stopped'; readonly claim: ClaimedStream }

const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 300_000

/** The names under which the steps of handlers are counted for triggers with a debug_level. */
const COUNTED_STEPS: { readonly [step: string]: string } = { commit: 'Commit', rollback: 'Rollback' }

/**
 * Creates a runner, which runs claimed streams through the pipelines that their triggers name for the kind of
 * run.
 *
 * @example
 * const runner = createStreamRunner({ router, pipelines, clock, logger, purge: true, retries: 3 })
 * const result = await runner.run(claim, events, signal)
 */
export function createStreamRunner(options: StreamRunnerOptions) {
  const {
    router,
    pipelines,
    quietPipelines = pipelines,
    clock,
    logger,
    publisherFor,
    findEvents,
    purge,
    retries,
  } = options
  const { maxGenerations = Number.POSITIVE_INFINITY, observer, debug } = options
  const triggers = new Map(router.triggers.map((trigger) => [trigger.name, trigger]))

  /** services and opened steps of all runs, made at the first run; the signal of all runs is the same */
  let opened: { readonly services: HandlerServices; readonly steps: OpenedSteps } | undefined

  function openedBy(signal: AbortSignal): NonNullable<typeof opened> {
    if (opened) return opened
    const services = createHandlerContext(logger, {
      signal,
      ...(publisherFor && { publisherFor }),
      ...(findEvents && { findEvents }),
    })
    opened = { services, steps: new OpenedSteps(services) }
    return opened
  }

  function forGood(claim: ClaimedStream, error: string): RunResult {
    return { kind: 'failed', run: { claim, error, retryInMs: undefined } }
  }

  function finished(claim: ClaimedStream, outcome: PipelineOutcome & { ok: true }): RunResult {
    const due = claim.kind === 'fire' ? claim.stream.fireTimestamp : claim.stream.expireTimestamp
    // What is tried again joins now: others have gone on meanwhile.
    const at = (claim.isFirst && due !== null && clock.timeOfRun?.(due)) || clock.now()
    const newEvents = outcome.newEvents.map((event) => ({ event, at, keys: router.keysOf(event) }))
    // A stream with a failed commit is kept: its error has to be seen.
    const run = {
      claim,
      newEvents,
      purge: purge && outcome.commitError === null,
      lastError: outcome.commitError,
    }
    return { kind: 'finished', run }
  }

  /**
   * Returns why new events may not be made when pipelines feed streams too often in a row, which might never
   * end.
   */
  function endlessness({ stream }: ClaimedStream, made: readonly Event[]): string | undefined {
    if (stream.generation < maxGenerations) return undefined
    const feeding = made.find((event) => router.keysOf(event).length > 0)
    return (
      feeding &&
      `its new event ${feeding.eventType} would feed a stream, after ${stream.generation} pipelines in a row (max_generations)`
    )
  }

  function failed(claim: ClaimedStream, error: string): RunResult {
    const { attempts } = claim.stream
    const retryInMs = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS)
    return { kind: 'failed', run: { claim, error, retryInMs: attempts > retries ? undefined : retryInMs } }
  }

  /** Returns undefined where no observer needs the steps, so that they are not timed. */
  function stepObserver(trigger: string, pipeline: string): StepObserver | undefined {
    const counts = debug?.isOn(trigger) ? debug : undefined
    if (!observer && !counts) return undefined
    return (step, seconds) => {
      observer?.onHandler({ pipeline, ...step }, seconds)
      const name = COUNTED_STEPS[step.step]
      if (name) counts?.bump(trigger, `${name} ${step.outcome === 'ok' ? 'successful' : 'error'}`)
    }
  }

  async function runClaim(
    claim: ClaimedStream,
    events: readonly StoredEvent[],
    signal: AbortSignal,
    waitsAlone: (() => void) | undefined,
  ): Promise<RunResult> {
    const { stream, kind } = claim
    const trigger = triggers.get(stream.name)
    // Not for good: while processes reload one after another, a consumer may know a trigger before this worker does.
    if (!trigger) return failed(claim, `there is no trigger ${stream.name} in the configuration`)
    // The first takeover always runs: a stream that was claimed with many others may never have had its turn.
    if (claim.takenOver && stream.attempts > Math.max(retries, 1) + 1) {
      return forGood(claim, 'its worker died while it ran this stream, at the last attempt')
    }
    const name = pipelineOf(trigger, kind)
    if (name === undefined) {
      debug?.bump(stream.name, `No ${kind} pipeline for '${stream.name}'`)
      return finished(claim, { ok: true, newEvents: [], commitError: null })
    }
    const pipeline = (claim.isQuiet ? quietPipelines : pipelines).get(name)
    if (!pipeline) {
      debug?.bump(stream.name, `Unknown pipeline '${name}'`)
      return forGood(claim, `there is no pipeline ${name} in the configuration`)
    }
    const { services, steps } = openedBy(signal)
    const begun = performance.now()
    const outcome = await runPipeline(
      pipeline,
      stream,
      events,
      steps,
      { ...services, waitsAlone },
      (made) => endlessness(claim, made),
      stepObserver(stream.name, name),
    )
    debug?.bump(stream.name, outcome.ok ? 'Pre-commit successful' : 'Pipeline error')
    const labels = {
      pipeline: name,
      outcome: outcome.ok ? (outcome.commitError === null ? 'done' : 'commit_failed') : outcome.end,
    }
    observer?.onPipeline(labels, (performance.now() - begun) / 1000)
    if (outcome.ok) return finished(claim, outcome)
    if (outcome.end === 'stopped') return { kind: 'stopped', claim }
    logger.warn({ stream: stream.id, trigger: stream.name, error: outcome.error }, `pipeline ${name} failed`)
    return outcome.end === 'refused' ? forGood(claim, outcome.error) : failed(claim, outcome.error)
  }

  return {
    /** Returns the name of the pipeline of a claimed stream; undefined when there is none. */
    pipelineOf({ stream, kind }: ClaimedStream): string | undefined {
      const trigger = triggers.get(stream.name)
      return trigger && pipelineOf(trigger, kind)
    },

    /**
     * Runs a claimed stream. `signal` aborts when the worker stops and must be the same for all runs. For
     * `waitsAlone` see HandlerContext. Never rejects: an error outside the handlers counts as a failure of
     * this stream alone, too.
     */
    async run(
      claim: ClaimedStream,
      events: readonly StoredEvent[],
      signal: AbortSignal,
      waitsAlone?: () => void,
    ): Promise<RunResult> {
      try {
        return await runClaim(claim, events, signal, waitsAlone)
      } catch (error) {
        return failed(claim, messageOf(error))
      }
    },

    /** Returns why receivers of handlers take nothing at the moment. */
    away(): readonly string[] {
      return opened ? awayReceivers(opened.services.shared) : []
    },

    /** Closes the steps that were opened. To be called when all runs have ended. */
    async close(): Promise<void> {
      await opened?.steps.close()
    },
  }
}

export type StreamRunner = ReturnType<typeof createStreamRunner>

function pipelineOf(trigger: Trigger, kind: 'fire' | 'expire'): string | undefined {
  return kind === 'fire' ? trigger.firePipeline : trigger.expirePipeline
}
