import { decodeNotification } from '../distiller/decode-notification.ts'
import { messageOf, TransientError } from '../domain/errors.ts'
import { isJsonObject } from '../domain/notification.ts'
import { RUN_STATES } from '../domain/stream.ts'
import type { DeadLetter, DeadLetterBox, NewDeadLetter } from '../store/ports/dead-letter-box.ts'
import type { Intake } from '../store/ports/intake.ts'
import type { StreamRuns } from '../store/ports/stream-runs.ts'
import type { TriggerRouter } from '../streams/router.ts'
import { parseJson } from '../text/json.ts'
import { type AppContext, type AppMessage, appMessage } from './apps/app.ts'
import { appNameOf, type QueueApp, runApps } from './apps/run-apps.ts'
import { KEPT_BYTES, type PrepareContext, prepare, type QueuePlan } from './prepare.ts'
import { arrivalOf } from './prepared.ts'

/** The result of driving a dead letter in again. Only `failed` ones are still stored as dead letters. */
export type Retried =
  | { readonly outcome: 'stored' | 'duplicate' | 'dropped' | 'reset' | 'gone' | 'given' }
  | { readonly outcome: 'failed'; readonly stage: string; readonly reason: string }

/** Stages of messages whose event type was not known. */
const UNREAD = new Set(['decode', 'validate', 'size'])
/** Longest wait for an app that is away, ms; then the dead letter stays. */
const PATIENCE_MS = 30_000

export type RetryQueue = { readonly plan: QueuePlan; readonly apps: readonly QueueApp[] }

export type RetryContext = PrepareContext & {
  readonly store: Intake & StreamRuns & DeadLetterBox
  readonly router: TriggerRouter
  /** Returns the plan and the apps of a queue; undefined when the configuration has no such queue. */
  readonly queueOf: (queue: string | null) => RetryQueue | undefined
  readonly logger: AppContext['logger']
}

/**
 * Drives a message through the current configuration into its streams, or resets a stream whose pipeline
 * failed so that it runs again. Deletes the dead letter afterwards. To do it twice does no harm.
 */
export async function retryDeadLetter(letter: DeadLetter, context: RetryContext): Promise<Retried> {
  const retried = await retriedBy(letter)(letter, context)
  if (retried.outcome === 'failed')
    await context.store.noteDeadLetter(letter.id, retried.stage, retried.reason)
  else await context.store.dropDeadLetters({ ids: [letter.id] })
  return retried
}

function retriedBy({ stage }: DeadLetter): (letter: DeadLetter, context: RetryContext) => Promise<Retried> {
  if (stage === 'pipeline' || stage === 'commit') return resetStream
  return appNameOf(stage) === undefined ? store : giveToApp
}

/** Gives a message to the app that failed, and to no other. */
async function giveToApp(
  { stage, queue, body }: DeadLetter,
  { queueOf, logger }: RetryContext,
): Promise<Retried> {
  const name = appNameOf(stage) ?? ''
  const app = queueOf(queue)?.apps.find((one) => one.name === name)
  if (!app) return failed(stage, `queue ${queue} has no such app; name the yagi.conf that has it`)
  const decoded = decodeNotification(body)
  if (!decoded.ok) return failed(stage, decoded.reason)
  const message = appMessage(queue ?? '', body, decoded.notification)
  const context = { logger, signal: AbortSignal.timeout(PATIENCE_MS) }
  try {
    const letters = await runApps([app], [message], context)
    const [letter] = letters.get(message) ?? []
    return letter ? failed(letter.stage, letter.reason) : { outcome: 'given' }
  } catch (error) {
    if (context.signal.aborted) return failed(stage, `not taken within ${PATIENCE_MS / 1000} s`)
    throw error
  }
}

async function store(letter: DeadLetter, context: RetryContext): Promise<Retried> {
  const { stage, queue, body } = letter
  if (stage === 'size' && body.length === KEPT_BYTES) {
    return failed('size', 'only its first 64 KiB are kept here: publish it again from the archive')
  }
  const { plan, apps } = context.queueOf(queue) ?? { plan: undefined, apps: [] }
  const name = queue ?? ''
  const route = { queue: name, exchange: '', routingKey: name }
  const prepared = prepare({ ...route, body, properties: {}, redelivered: true }, { ...context, plan })
  const { outcome, message } = prepared
  if (outcome.kind === 'refused') return failed(outcome.deadLetter.stage, outcome.deadLetter.reason)
  const arrival = arrivalOf(prepared)
  try {
    // A message that could not be read has reached no app yet.
    const deadLetters = message && UNREAD.has(stage) ? await lettersOf(apps, message, context) : []
    const arrivals = arrival ? [arrival] : []
    const { stored } = await context.store.storeBatch({ arrivals, deadLetters }, context.router)
    if (!arrival) return { outcome: 'dropped' }
    return { outcome: stored > 0 ? 'stored' : 'duplicate' }
  } catch (error) {
    if (error instanceof TransientError) throw error
    return failed('store', messageOf(error))
  }
}

async function lettersOf(
  apps: readonly QueueApp[],
  message: AppMessage,
  { logger }: RetryContext,
): Promise<readonly NewDeadLetter[]> {
  const context = { logger, signal: AbortSignal.timeout(PATIENCE_MS) }
  return (await runApps(apps, [message], context)).get(message) ?? []
}

function failed(stage: string, reason: string): Retried {
  return { outcome: 'failed', stage, reason }
}

async function resetStream({ stage, body }: DeadLetter, context: RetryContext): Promise<Retried> {
  const told = parseJson(body.toString('utf8'))
  if (!isJsonObject(told) || typeof told.stream_id !== 'number') {
    return failed(stage, 'the letter names no stream')
  }
  const kind = told.firing === 'expire' ? 'expire' : 'fire'
  if (stage === 'commit') {
    return { outcome: (await context.store.rerunCompleted(told.stream_id, kind)) ? 'reset' : 'gone' }
  }
  const { error: state } = RUN_STATES[kind]
  return { outcome: (await context.store.resetStreams(state, told.stream_id)) > 0 ? 'reset' : 'gone' }
}
