import type { ArchiveRecord } from '../archive/archive.ts'
import type { Delivery } from '../broker/broker.ts'
import type { IntakeClock } from '../clock/event-clock.ts'
import { decodeNotification } from '../distiller/decode-notification.ts'
import type { Distiller } from '../distiller/distiller.ts'
import { messageOf } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import { bytesHash128 } from '../domain/hash.ts'
import type { Notification } from '../domain/notification.ts'
import type { EncodedEvent } from '../domain/routing.ts'
import type { NewDeadLetter } from '../store/ports/dead-letter-box.ts'
import type { TriggerRouter } from '../streams/router.ts'
import { isJsonBytes } from '../text/json-bytes.ts'
import { appMessage } from './apps/app.ts'
import { archiveRecord } from './archive-record.ts'
import { plainBody } from './body/plain-body.ts'
import type { Prepared } from './prepared.ts'

/**
 * What the apps of a queue take, by event type. A message that cannot be decoded has none and is archived.
 */
export type QueuePlan = {
  readonly hasArchive: boolean
  readonly archives: (eventType: string) => boolean
  readonly stores: (eventType: string) => boolean
  /** whether the queue has further apps, which need the decoded message */
  readonly keepsMessages: boolean
}

/** Archives everything and stores everything. */
const WHOLE_PLAN: QueuePlan = {
  hasArchive: true,
  archives: () => true,
  stores: () => true,
  keepsMessages: false,
}

export type PrepareContext = {
  readonly distiller: Distiller
  readonly router: TriggerRouter
  readonly clock: IntakeClock
  readonly maxMessageBytes: number
  /** undefined: everything is archived and stored */
  readonly plan?: QueuePlan | undefined
  /** `Store.encode` of the store that events go to */
  readonly encode: (event: Event) => EncodedEvent
}

const FILTERED = { kind: 'filtered' } as const

/** How many bytes of a message that is too large its dead letter keeps; the archive has it whole. */
export const KEPT_BYTES = 64 * 1024

/** Unpacks, decodes, distils and matches a message. Never throws, whatever the message holds. */
export function prepare(delivery: Delivery, context: PrepareContext): Prepared {
  const { body, fault, properties } = delivery
  if (fault !== undefined) return refused(delivery, 'decode', fault, context)
  if (body.length > context.maxMessageBytes) {
    const reason = `the message has ${body.length} bytes, more than max_message_mb allows`
    return refused(delivery, 'size', reason, context)
  }
  const plain = plainBody(body, properties, context.maxMessageBytes)
  if (!plain.ok) return refused(delivery, plain.stage, plain.reason, context)
  return decoded(plain.body === body ? delivery : { ...delivery, body: plain.body }, context)
}

/** Makes a dead letter. A message that is too large is cut to KEPT_BYTES unless the queue has no archive. */
function refused(
  delivery: Delivery,
  stage: string,
  reason: string,
  { plan }: PrepareContext,
  isJson = isJsonBytes(delivery.body),
): Prepared {
  const { body } = delivery
  const isCut = stage === 'size' && (plan ?? WHOLE_PLAN).hasArchive && body.length > KEPT_BYTES
  const prepared = dead(delivery, archiveRecord(delivery, isJson), stage, reason)
  if (!isCut) return prepared
  const kept = { body: body.subarray(0, KEPT_BYTES), wholeHash: bytesHash128(body) }
  const deadLetter = { stage, reason, queue: delivery.queue, ...kept }
  return { ...prepared, outcome: { kind: 'refused', deadLetter } }
}

function decoded(delivery: Delivery, context: PrepareContext): Prepared {
  const { body } = delivery
  const decoded = decodeNotification(body)
  if (!decoded.ok) {
    const isJson = decoded.stage === 'validate' || isJsonBytes(body)
    return refused(delivery, decoded.stage, decoded.reason, context, isJson)
  }
  const { notification } = decoded
  const { archives, keepsMessages } = context.plan ?? WHOLE_PLAN
  const record = archives(notification.event_type) ? archiveRecord(delivery, true) : undefined
  const prepared = distilledUnlessFiltered(delivery, record, notification, context)
  if (!keepsMessages) return prepared
  return { ...prepared, message: appMessage(delivery.queue, body, notification) }
}

function distilledUnlessFiltered(
  delivery: Delivery,
  record: ArchiveRecord | undefined,
  notification: Notification,
  context: PrepareContext,
): Prepared {
  const { stores } = context.plan ?? WHOLE_PLAN
  if (!stores(notification.event_type)) return { delivery, record, outcome: FILTERED }
  try {
    return distilled(delivery, record, notification, context)
  } catch (error) {
    // An error here (nesting that exhausts the stack, a faulty plugin) is the fault of the message.
    return dead(delivery, record, 'distill', messageOf(error))
  }
}

function distilled(
  delivery: Delivery,
  record: ArchiveRecord | undefined,
  notification: Notification,
  { distiller, clock, router, encode }: PrepareContext,
): Prepared {
  const outcome = distiller.distil(notification, () => clock.timeOf(delivery.queue))
  if (outcome.kind === 'failed') return dead(delivery, record, 'distill', outcome.reason)
  if (outcome.kind === 'dropped')
    return { delivery, record, outcome: { kind: 'undefined', eventType: notification.event_type } }
  const { messageId, eventType, timestamp } = outcome.event
  const arrival = {
    // Traits are left out: `encoded` has them, and a smaller batch is cheaper for the garbage collector.
    event: { messageId, eventType, timestamp },
    encoded: encode(outcome.event),
    at: clock.arrive(delivery.queue, timestamp),
    keys: router.keysOf(outcome.event),
  }
  return { delivery, record, outcome: { kind: 'event', arrival } }
}

function dead(
  delivery: Delivery,
  record: ArchiveRecord | undefined,
  stage: string,
  reason: string,
): Prepared {
  const deadLetter = { stage, reason, queue: delivery.queue, body: delivery.body }
  return { delivery, record, outcome: { kind: 'refused', deadLetter } }
}

/** Makes the dead letter of a message that the store refused. */
export function refusedByStore(prepared: Prepared, reason: string): NewDeadLetter {
  const { body, queue } = prepared.delivery
  return { stage: 'store', reason, queue, body }
}
