import { decodeNotification } from '../distiller/decode-notification.ts'
import { InvalidError, messageOf, NotFoundError, TransientError } from '../domain/errors.ts'
import { isJsonObject } from '../domain/notification.ts'
import type { Retried } from '../domain/retried.ts'
import {
  type DeadLetter,
  type DeadLetterBox,
  type NewDeadLetter,
  STREAM_STAGES,
} from '../store/ports/dead-letter-box.ts'
import type { Intake } from '../store/ports/intake.ts'
import type { StreamRuns } from '../store/ports/stream-runs.ts'
import type { TriggerRouter } from '../streams/router.ts'
import { parseJson } from '../text/json.ts'
import { type AppContext, type AppMessage, appMessage } from './apps/app.ts'
import { appNameOf, type QueueApp, runApps } from './apps/run-apps.ts'
import { KEPT_BYTES, type PrepareContext, prepare, type QueuePlan } from './prepare.ts'
import { arrivalOf } from './prepared.ts'

/** Stages of messages whose event type was not known. */
const UNREAD = new Set(['decode', 'validate', 'size'])
/** Longest wait for an app that is away, ms, unless another is given; then the dead letter stays. */
const PATIENCE_MS = 30_000

const UNKNOWN_QUEUE = { plan: undefined, apps: [] }

export type RetryQueue = { readonly plan: QueuePlan; readonly apps: readonly QueueApp[] }

export type RetryContext = PrepareContext & {
  readonly store: Intake & StreamRuns & DeadLetterBox
  readonly router: TriggerRouter
  /** whether there are event definitions; without them nothing says that no event is to be made of a message */
  readonly hasDefinitions: boolean
  /** Returns the plan and the apps of a queue; undefined when the configuration has no such queue. */
  readonly queueOf: (queue: string | null) => RetryQueue | undefined
  readonly logger: AppContext['logger']
  /** longest wait for an app that is away, ms (half a minute) */
  readonly patienceMs?: number
}

/**
 * Drives a message through the current configuration into its streams, or makes a stream whose pipeline failed due
 * again. The dead letter is deleted in the transaction that does so; one that fails again stays, with the new reason.
 * With a `body` in place of its own a letter that fails stays as it is. To retry it twice does no harm. Rejects with
 * InvalidError where a body is given for a letter that is about a stream.
 */
export async function retryDeadLetter(
  letter: DeadLetter,
  context: RetryContext,
  body?: Buffer,
): Promise<Retried> {
  if (body !== undefined && isOfStream(letter))
    throw new InvalidError(
      `a dead letter of the stage ${letter.stage} is about a stream and takes no other body`,
    )
  try {
    const retried = await retriedBy(letter)({ ...letter, body: body ?? letter.body }, context)
    if (retried.outcome === 'failed' && body === undefined)
      await context.store.noteDeadLetter(letter.id, retried.stage, retried.reason)
    return retried
  } catch (error) {
    // Somebody else has retried or dropped it at the same time; nothing was changed here.
    if (error instanceof NotFoundError) return { outcome: isOfStream(letter) ? 'gone' : 'missing' }
    throw error
  }
}

function isOfStream({ stage }: Pick<DeadLetter, 'stage'>): boolean {
  return STREAM_STAGES.some((one) => one === stage)
}

function retriedBy({ stage }: DeadLetter): (letter: DeadLetter, context: RetryContext) => Promise<Retried> {
  if (isOfStream({ stage })) return resetStream
  return appNameOf(stage) === undefined ? storeMessage : giveToApp
}

/** Gives a message to the app that failed, and to no other. */
async function giveToApp(
  { id, stage, queue, body }: DeadLetter,
  { queueOf, logger, store, patienceMs = PATIENCE_MS }: RetryContext,
): Promise<Retried> {
  const name = appNameOf(stage) ?? ''
  const app = queueOf(queue)?.apps.find((one) => one.name === name)
  if (!app) return failed(stage, `queue ${queue} has no such app; name the yagi.conf that has it`)
  const decoded = decodeNotification(body)
  if (!decoded.ok) return failed(stage, decoded.reason)
  const message = appMessage(queue ?? '', body, decoded.notification)
  const context = { logger, signal: AbortSignal.timeout(patienceMs) }
  try {
    const letters = await runApps([app], [message], context)
    const [letter] = letters.get(message) ?? []
    if (letter) return failed(letter.stage, letter.reason)
    await drop(id, { store })
    return { outcome: 'given' }
  } catch (error) {
    if (context.signal.aborted) return failed(stage, `not taken within ${patienceMs / 1000} s`)
    throw error
  }
}

/** Deletes a dead letter that no event makes up for: an app has taken its message, or nothing wants it. */
async function drop(id: number, { store }: Pick<RetryContext, 'store'>): Promise<void> {
  await store.dropDeadLetters({ ids: [id] })
}

async function storeMessage(letter: DeadLetter, context: RetryContext): Promise<Retried> {
  const { stage, queue, body } = letter
  if (stage === 'size' && body.length === KEPT_BYTES) {
    return failed('size', 'only its first 64 KiB are kept here: publish it again from the archive')
  }
  const { plan, apps } = context.queueOf(queue) ?? UNKNOWN_QUEUE
  const name = queue ?? ''
  const route = { queue: name, exchange: '', routingKey: name }
  const prepared = prepare({ ...route, body, properties: {}, redelivered: true }, { ...context, plan })
  const { outcome, message } = prepared
  if (outcome.kind === 'refused') return failed(outcome.deadLetter.stage, outcome.deadLetter.reason)
  if (outcome.kind === 'undefined' && !context.hasDefinitions)
    return failed(stage, 'the configuration has no event definitions; name one that has')
  const arrival = arrivalOf(prepared)
  // A message that could not be read has reached no app yet.
  const deadLetters = message && UNREAD.has(stage) ? await lettersOf(apps, message, context) : []
  if (!deadLetters) return failed(stage, 'an app of its queue is away and has not taken it')
  try {
    const arrivals = arrival ? [arrival] : []
    const batch = { arrivals, deadLetters, settles: letter.id }
    const { stored } = await context.store.storeBatch(batch, context.router)
    const remark = remarkOn(letter, context)
    if (!arrival) return { outcome: 'dropped', remark }
    return { outcome: stored > 0 ? 'stored' : 'duplicate', remark }
  } catch (error) {
    if (error instanceof TransientError || error instanceof NotFoundError) throw error
    return failed('store', messageOf(error))
  }
}

/** Returns, and logs, that apps may miss a message: nobody knows the apps of a queue that is not configured. */
function remarkOn(
  { id, stage, queue }: DeadLetter,
  { queueOf, logger }: Pick<RetryContext, 'queueOf' | 'logger'>,
): string | undefined {
  if (queue === null || !UNREAD.has(stage) || queueOf(queue)) return undefined
  const remark = `apps of queue ${queue}, if it has any, did not get it: this configuration has no such queue`
  logger.warn({ dead_letter: id }, remark)
  return remark
}

/** Gives a message to apps and returns the dead letters of those that failed; undefined where one is away. */
async function lettersOf(
  apps: readonly QueueApp[],
  message: AppMessage,
  { logger, patienceMs = PATIENCE_MS }: RetryContext,
): Promise<readonly NewDeadLetter[] | undefined> {
  const context = { logger, signal: AbortSignal.timeout(patienceMs) }
  try {
    return (await runApps(apps, [message], context)).get(message) ?? []
  } catch (error) {
    if (context.signal.aborted) return undefined
    throw error
  }
}

function failed(stage: string, reason: string): Retried {
  return { outcome: 'failed', stage, reason }
}

async function resetStream({ id, stage, body }: DeadLetter, context: RetryContext): Promise<Retried> {
  const told = parseJson(body.toString('utf8'))
  if (!isJsonObject(told) || typeof told.stream_id !== 'number') {
    return failed(stage, 'the letter names no stream')
  }
  const kind = told.firing === 'expire' ? 'expire' : 'fire'
  const isReset = await context.store.rerunStreamOf({
    letter: id,
    stage: stage === 'commit' ? 'commit' : 'pipeline',
    stream: told.stream_id,
    kind,
  })
  return { outcome: isReset ? 'reset' : 'gone' }
}
