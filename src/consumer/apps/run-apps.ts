import { messageOf, TransientError } from '../../domain/errors.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import type { NewDeadLetter } from '../../store/ports/dead-letter-box.ts'
import type { AppContext, AppMessage, AppOutcome, ConsumerApp } from './app.ts'

/** An app of a queue, and which of its messages reach it. */
export type QueueApp = {
  /** as it is named in dead letters */
  readonly name: string
  readonly app: ConsumerApp
  readonly accepts: (eventType: string) => boolean
}

/** The stage of dead letters of an app. */
function stageOf(name: string): string {
  return `app:${name}`
}

/** The app whose stage it is; undefined: of none. */
export function appNameOf(stage: string): string | undefined {
  return stage.startsWith('app:') ? stage.slice('app:'.length) : undefined
}

/**
 * Gives messages to the apps in turn; answers the dead letters of each message, one for each app that it failed in.
 * Waits for what an app calls transient. Rejects with TransientError when the consumer stops in the meantime.
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

/** Of modules that have no class of ours the code tells it. */
function isTransient(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'transient'
}

/** An outcome may be a promise, or null for done; undefined where there is not one for each message. */
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

/** Modules of the user's own may answer anything. */
function readable(outcome: unknown): AppOutcome {
  if (outcome === undefined || outcome === null) return undefined
  if (typeof outcome === 'string') return outcome
  return outcome instanceof Error
    ? messageOf(outcome)
    : `the app told a reason of type ${typeof outcome}, not text`
}

/** The message that an app fails on must not cost it the others. */
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
