import type { Archive } from '../archive/archive.ts'
import { decodeNotification } from '../distiller/decode-notification.ts'
import { TransientError } from '../domain/errors.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'
import type { Intake } from '../store/ports/intake.ts'
import type { Queries } from '../store/ports/queries.ts'
import type { Store } from '../store/store.ts'
import type { TriggerRouter } from '../streams/router.ts'
import { withLetters } from './app-turn.ts'
import { type QueueApp, runApps } from './apps/run-apps.ts'
import { archiveBatch } from './archive-batch.ts'
import { type PrepareContext, prepare } from './prepare.ts'
import { arrivalOf, deadLettersOf, type Prepared } from './prepared.ts'
import { StoppedError, storeBatch } from './store-batch.ts'

export type TakeContext = PrepareContext & {
  readonly store: Pick<Intake, 'storeBatch'> & Pick<Queries, 'storedAmong'> & Pick<Store, 'ping'>
  readonly router: TriggerRouter
  /** name of the queue in whose place the notifications come */
  readonly queue: string
  /** the apps of the queue beside archive and streams, in order */
  readonly apps: readonly QueueApp[]
  /** undefined: nothing is archived */
  readonly archive: Archive | undefined
  readonly logger: Logger
}

/** Notifications of one transaction. */
const AT_A_TIME = 500

/**
 * Takes notifications as a consumer takes those of a queue: archives them, gives them to the apps and stores them, in
 * their order. Returns what became of each, once it is kept. Rejects with TransientError when `signal` aborts first;
 * to give the same notifications again does no harm.
 */
export async function takeNotifications(
  bodies: readonly Buffer[],
  context: TakeContext,
  signal: AbortSignal,
): Promise<Receipt[]> {
  const receipts: Receipt[] = []
  for (let at = 0; at < bodies.length; at += AT_A_TIME) {
    try {
      receipts.push(...(await takeBatch(bodies.slice(at, at + AT_A_TIME), context, signal)))
    } catch (error) {
      if (!signal.aborted && !(error instanceof StoppedError)) throw error
      const done = `${receipts.length} of ${bodies.length} notifications are kept`
      throw new TransientError(`${done}; post all of them again, those that are stored are known`, {
        cause: error,
      })
    }
  }
  return receipts
}

async function takeBatch(
  bodies: readonly Buffer[],
  context: TakeContext,
  signal: AbortSignal,
): Promise<Receipt[]> {
  const { store, router, queue, archive, logger } = context
  const route = { queue, exchange: '', routingKey: queue, properties: {}, redelivered: false }
  const batch = bodies.map((body) => prepare({ ...route, body }, context))
  signal.throwIfAborted()
  const archiveOutage = new Outage(logger, 'the archive can be written again')
  if (archive && !(await archiveBatch(batch, { archive, signal, outage: archiveOutage })))
    throw new StoppedError()
  const given = await giveToApps(batch, context, signal)
  const ids = given.flatMap((prepared) => arrivalOf(prepared)?.event.messageId ?? [])
  const known = await store.storedAmong(ids)
  const outage = new Outage(logger, 'the database answers again')
  const kept: Prepared[] = []
  const onStored = (part: readonly Prepared[]) => void kept.push(...part)
  await storeBatch(given, { store, router, outage, signal, onStored })
  return kept.map((prepared, index) => receiptOf(prepared, bodies[index] as Buffer, known))
}

/** Gives the messages to the apps, and adds their dead letters. */
async function giveToApps(
  batch: readonly Prepared[],
  { apps, logger }: TakeContext,
  signal: AbortSignal,
): Promise<readonly Prepared[]> {
  const messages = batch.flatMap(({ message }) => message ?? [])
  if (apps.length === 0 || messages.length === 0) return batch
  const letters = await runApps(apps, messages, { logger, signal })
  return batch.map((prepared) => withLetters(prepared, letters))
}

/** Makes a receipt; `known` has the message ids that were stored before, and gets that of an event. */
function receiptOf(prepared: Prepared, body: Buffer, known: Set<string>): Receipt {
  const decoded = decodeNotification(body)
  const { message_id = null, event_type = null } = decoded.ok ? decoded.notification : {}
  const [letter] = deadLettersOf(prepared)
  if (letter)
    return { outcome: 'dead_letter', message_id, event_type, stage: letter.stage, reason: letter.reason }
  const arrival = arrivalOf(prepared)
  if (!arrival) {
    const outcome = prepared.outcome.kind === 'filtered' ? 'filtered' : 'dropped'
    return { outcome, message_id, event_type }
  }
  const { messageId } = arrival.event
  const outcome = known.has(messageId) ? 'duplicate' : 'stored'
  known.add(messageId)
  return { outcome, message_id, event_type }
}
