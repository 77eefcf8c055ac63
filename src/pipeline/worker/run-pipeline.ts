import { causeOf, InvalidError, messageOf } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import type { Stream } from '../../domain/stream.ts'
import type { Handler, HandlerContext, HandlerEnv } from '../handler.ts'
import { eventFault } from '../handlers/event-fault.ts'
import type { OpenedSteps } from '../handlers/opened-steps.ts'
import type { Pipeline } from '../load-pipelines.ts'

/** What a pipeline made of a stream's events, or why it could not; commits have been made in the first case. */
export type PipelineOutcome =
  | {
      readonly ok: true
      readonly newEvents: readonly Event[]
      /** commits that failed; the others were made all the same */
      readonly commitError: string | null
    }
  | {
      readonly ok: false
      readonly error: string
      /** another run may succeed; is another worker's; would end in the same way */
      readonly end: 'failed' | 'stopped' | 'refused'
    }

/** Told how long each step took; must not throw. */
export type StepObserver = (
  step: { readonly handler: string; readonly step: string; readonly outcome: 'ok' | 'failed' },
  seconds: number,
) => void

export type HandlerInstance = { readonly name: string; readonly handler: Handler }

/** Runs handleEvents of each in turn. Throws InvalidError where one answers no list, and when a new event is none. */
export async function handleAll(
  instances: readonly HandlerInstance[],
  events: readonly Event[],
  env: HandlerEnv,
  /** told whose turn it is */
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
 * Runs the handlers over the events: all in order, then the commit of each; when one fails, the rollback of
 * each instead. What fails while the worker stops is run again, all of it, by another. Never rejects.
 */
export async function runPipeline(
  pipeline: Pipeline,
  stream: Stream,
  events: readonly Event[],
  opened: OpenedSteps,
  context: HandlerContext,
  /** Why new events may not be made, before anything is committed. */
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
    // A handler can put its own into the list that it is given.
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

/** Those whose ids the stream did not have; most pipelines pass on what they are given. */
function newAmong(passing: readonly Event[], given: readonly string[]): readonly Event[] {
  if (passing.length <= given.length && passing.every((event, index) => event?.messageId === given[index]))
    return []
  const known = new Set(given)
  return passing.filter((event) => !known.has(event?.messageId))
}

/** Before anything is committed: what cannot be stored must not have had effects. */
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
      // When the worker stops another runs it again.
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

/** What of an error is kept with a stream, in characters: a handler may throw a whole document. */
const LONGEST_ERROR = 64 * 1024

/** The handler's name, the message and the stack, and those of what caused the error. */
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
