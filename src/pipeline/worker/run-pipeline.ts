import { causeOf, InvalidError, messageOf } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import type { Stream } from '../../domain/stream.ts'
import type { Handler, HandlerContext, HandlerEnv } from '../handler.ts'
import { eventFault } from '../handlers/event-fault.ts'
import type { OpenedSteps } from '../handlers/opened-steps.ts'
import type { Pipeline } from '../load-pipelines.ts'

/** The outcome of a pipeline: the new events after all commits, or the error. */
export type PipelineOutcome =
  | {
      readonly ok: true
      readonly newEvents: readonly Event[]
      /** the errors of commits that failed; the other commits were made all the same */
      readonly commitError: string | null
    }
  | {
      readonly ok: false
      readonly error: string
      /**
       * `failed`: another run may succeed; `stopped`: another worker runs it; `refused`: it would end in the
       * same way
       */
      readonly end: 'failed' | 'stopped' | 'refused'
    }

/** Called with the duration of each step; must not throw. */
export type StepObserver = (
  step: { readonly handler: string; readonly step: string; readonly outcome: 'ok' | 'failed' },
  seconds: number,
) => void

export type HandlerInstance = { readonly name: string; readonly handler: Handler }

/**
 * Runs handleEvents of each handler in turn and returns the events of the last one. Rejects with InvalidError
 * when a handler does not return a list.
 */
export async function handleAll(
  instances: readonly HandlerInstance[],
  events: readonly Event[],
  env: HandlerEnv,
  /** called with the name of the handler that is next */
  onTurn: (name: string) => void,
  observe?: StepObserver,
): Promise<readonly Event[]> {
  let passing = events
  for (const { name, handler } of instances) {
    onTurn(name)
    passing = await timed(name, 'handle_events', observe, () => handler.handleEvents(passing, env))
    if (!Array.isArray(passing)) throw new InvalidError('handleEvents must answer a list of events')
  }
  return passing
}

/**
 * Runs the handlers over the events in order, then the commit of each. When a handler fails, the rollback of
 * each runs instead. A run that fails while the worker stops is repeated as a whole by another worker. Never
 * rejects.
 */
export async function runPipeline(
  pipeline: Pipeline,
  stream: Stream,
  events: readonly Event[],
  opened: OpenedSteps,
  context: HandlerContext,
  /**
   * Called before anything is committed. Returns why the new events may not be made; undefined when they may.
   */
  objection: (made: readonly Event[]) => string | undefined = () => undefined,
  observe?: StepObserver,
): Promise<PipelineOutcome> {
  const instances: HandlerInstance[] = []
  let current = '?'
  try {
    for (const step of pipeline.steps) {
      current = step.name
      instances.push({ name: step.name, handler: await opened.handlerOf(step, context) })
    }
    const env: HandlerEnv = {
      streamId: stream.id,
      streamName: stream.name,
      distinguishingTraits: stream.distinguishingTraits,
    }
    // Copied, because a handler can put its own events into the list that it is given.
    const given = events.map(({ messageId }) => messageId)
    const passing = await handleAll(
      instances,
      events,
      env,
      (name) => {
        current = name
      },
      observe,
    )
    const newEvents = newAmong(passing, given)
    requireEvents(newEvents)
    const refused = objection(newEvents)
    if (refused !== undefined) {
      await rollbackAll(instances, context, observe)
      return { ok: false, error: refused, end: 'refused' }
    }
    const commitError = await commitAll(instances, context, observe)
    if (commitError !== null && context.signal.aborted)
      return { ok: false, error: commitError, end: 'stopped' }
    return { ok: true, newEvents, commitError }
  } catch (error) {
    await rollbackAll(instances, context, observe)
    return { ok: false, error: describe(current, error), end: context.signal.aborted ? 'stopped' : 'failed' }
  }
}

/**
 * Returns the events whose message ids are not among `given`. Most pipelines return the events that they are
 * given.
 */
function newAmong(passing: readonly Event[], given: readonly string[]): readonly Event[] {
  if (passing.length <= given.length && passing.every((event, index) => event?.messageId === given[index]))
    return []
  const known = new Set(given)
  return passing.filter((event) => !known.has(event?.messageId))
}

/** Throws InvalidError for a new event that cannot be stored. To be called before anything is committed. */
export function requireEvents(made: readonly Event[]): void {
  for (const event of made) {
    const fault = eventFault(event)
    if (fault !== undefined) throw new InvalidError(`a new event cannot be stored: ${fault}`)
  }
}

async function commitAll(
  instances: readonly HandlerInstance[],
  { logger, signal }: HandlerContext,
  observe: StepObserver | undefined,
): Promise<string | null> {
  const failures: string[] = []
  for (const { name, handler } of instances) {
    try {
      await timed(name, 'commit', observe, () => handler.commit())
    } catch (error) {
      failures.push(`commit of ${describe(name, error)}`)
      // When the worker stops, another worker runs the stream again.
      if (!signal.aborted) logger.warn({}, `the commit of handler ${name} failed: ${messageOf(error)}`)
    }
  }
  return failures.length > 0 ? failures.join('\n').slice(0, LONGEST_ERROR) : null
}

async function rollbackAll(
  instances: readonly HandlerInstance[],
  { logger }: HandlerContext,
  observe: StepObserver | undefined,
): Promise<void> {
  for (const { name, handler } of instances) {
    try {
      await timed(name, 'rollback', observe, () => handler.rollback())
    } catch (error) {
      logger.warn({}, `the rollback of handler ${name} failed: ${messageOf(error)}`)
    }
  }
}

async function timed<T>(
  handler: string,
  step: string,
  observe: StepObserver | undefined,
  work: () => T | Promise<T>,
): Promise<T> {
  if (!observe) return work()
  const begun = performance.now()
  let outcome: 'ok' | 'failed' = 'failed'
  try {
    const result = await work()
    outcome = 'ok'
    return result
  } finally {
    observe({ handler, step, outcome }, (performance.now() - begun) / 1000)
  }
}

/** Most characters of an error that are kept with a stream: a handler may throw a whole document. */
const LONGEST_ERROR = 64 * 1024

/** Returns the handler's name and the stack of the error, or its message, followed by those of its causes. */
function describe(name: string, error: unknown): string {
  const told = new Set([error])
  // An error may be its own cause.
  for (let cause = causeOf(error); cause !== undefined && !told.has(cause); cause = causeOf(cause))
    told.add(cause)
  return `${name}: ${[...told].map(stackOf).join('\ncaused by ')}`.slice(0, LONGEST_ERROR)
}

function stackOf(error: unknown): string {
  return error instanceof Error && error.stack ? error.stack : messageOf(error)
}
