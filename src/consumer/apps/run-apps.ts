import { messageOf, TransientError } from '../../domain/errors.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import type { NewDeadLetter } from '../../store/ports/dead-letter-box.ts'
import type { AppContext, AppMessage, AppOutcome, ConsumerApp } from './app.ts'

/** An app of a queue, and the filter of its messages. */
export type QueueApp = {
  /** the name of the app in dead letters */
  readonly name: string
  readonly app: ConsumerApp
  readonly accepts: (eventType: string) => boolean
}

/** Returns the stage of an app's dead letters. */
function stageOf(name: string): string {
  return `app:${name}`
}

/** Returns the name of the app that a stage belongs to; undefined for the stages of no app. */
export function appNameOf(stage: string): string | undefined {
  return stage.startsWith('app:') ? stage.slice('app:'.length) : undefined
}

/**
 * Gives messages to the apps in turn. Returns the dead letters by message, one for each app in which the
 * message failed. Repeats after transient errors of an app. Rejects with TransientError when the consumer
 * stops in the meantime.
 */
export async function runApps(
  apps: readonly QueueApp[],
  messages: readonly AppMessage[],
  context: AppContext,
): Promise<Map<AppMessage, readonly NewDeadLetter[]>> {
  const letters = new Map<AppMessage, NewDeadLetter[]>()
  for (const { name, app, accepts } of apps) {
    const meant = messages.filter(({ eventType }) => accepts(eventType))
    if (meant.length === 0) continue
    const outcomes = await outcomesOf(name, app, meant, context)
    for (const [index, message] of meant.entries()) {
      const reason = outcomes[index]
      if (reason === undefined) continue
      const { queue, body } = message
      const letter = { stage: stageOf(name), reason, queue, body }
      letters.set(message, [...(letters.get(message) ?? []), letter])
    }
  }
  return letters
}

async function outcomesOf(
  name: string,
  app: ConsumerApp,
  messages: readonly AppMessage[],
  context: AppContext,
): Promise<readonly AppOutcome[]> {
  const { logger, signal } = context
  const backoff = new Backoff({ initialMs: 100, maxMs: 60_000 })
  for (let failures = 1; ; failures++) {
    try {
      const outcomes = await toldBy(app, messages, context)
      if (failures > 1) logger.info({}, `app ${name} takes messages again`)
      return outcomes ?? messages.map(() => `app ${name} told no outcome for each message`)
    } catch (error) {
      if (signal.aborted) throw new TransientError('the consumer stops', { cause: error })
      if (!isTransient(error)) return oneByOne(name, app, messages, context, messageOf(error))
      context.onAway?.()
      if (failures === 1) logger.warn({}, `app ${name}: ${messageOf(error)}; trying again until it works`)
    }
    await sleep(backoff.next(), signal)
    if (signal.aborted) throw new TransientError('the consumer stops')
  }
}

/** Whether an error is transient, by its `code`: own modules cannot import TransientError. */
function isTransient(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'transient'
}

/**
 * Returns the outcomes of an app, or undefined when there is not one for each message. An outcome may be a
 * promise, or null for done.
 */
async function toldBy(
  app: ConsumerApp,
  messages: readonly AppMessage[],
  context: AppContext,
): Promise<readonly AppOutcome[] | undefined> {
  const outcomes = await app.handleMessages(messages, context)
  if (!Array.isArray(outcomes)) return undefined
  const told = await Promise.all(outcomes)
  return told.length === messages.length ? told.map(readable) : undefined
}

/** Turns any value that an own app may return into an outcome. */
function readable(outcome: unknown): AppOutcome {
  if (outcome === undefined || outcome === null) return undefined
  if (typeof outcome === 'string') return outcome
  return outcome instanceof Error
    ? messageOf(outcome)
    : `the app told a reason of type ${typeof outcome}, not text`
}

/** Gives messages one by one, so that a message on which the app fails does not take the others along. */
async function oneByOne(
  name: string,
  app: ConsumerApp,
  messages: readonly AppMessage[],
  context: AppContext,
  reason: string,
): Promise<readonly AppOutcome[]> {
  if (messages.length === 1) return [reason]
  const outcomes: AppOutcome[] = []
  for (const message of messages) outcomes.push(...(await outcomesOf(name, app, [message], context)))
  return outcomes
}
