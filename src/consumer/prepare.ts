import { type ArchiveLine, archiveLine } from '../archive/archive.ts'
import type { Delivery } from '../broker/broker.ts'
import type { Distiller } from '../distiller/distiller.ts'
import { decodeNotification } from '../distiller/notification.ts'
import type { Arrival } from '../domain/routing.ts'
import type { EventClock } from '../runtime/event-clock.ts'
import type { NewDeadLetter } from '../store/store.ts'
import type { TriggerRouter } from '../streams/router.ts'

/** What a delivery came to: an event on its way, a dead letter, or neither when no definition means it. */
export type Prepared = {
  readonly delivery: Delivery
  readonly line: ArchiveLine
  readonly arrival: Arrival | undefined
  readonly deadLetter: NewDeadLetter | undefined
}

export type PrepareContext = {
  readonly distiller: Distiller
  readonly router: TriggerRouter
  readonly clock: EventClock
  readonly maxMessageBytes: number
}

/** What a dead letter keeps of a message that is too large; the archive has it whole. */
const KEPT_BYTES = 64 * 1024

/** Decodes, distils and matches a message; nothing it holds can make this throw. */
export function prepare(delivery: Delivery, context: PrepareContext): Prepared {
  const { body } = delivery
  if (body.length > context.maxMessageBytes) {
    const reason = `the message has ${body.length} bytes, more than max_message_mb allows`
    return dead(delivery, archiveLine(body, isJson(body)), 'size', reason, body.subarray(0, KEPT_BYTES))
  }
  const decoded = decodeNotification(body)
  const line = archiveLine(body, decoded.ok || decoded.stage !== 'decode')
  if (!decoded.ok) return dead(delivery, line, decoded.stage, decoded.reason)
  const distilled = context.distiller.distil(decoded.notification, context.clock.now())
  if (distilled.kind === 'failed') return dead(delivery, line, 'distill', distilled.reason)
  if (distilled.kind === 'dropped') return { delivery, line, arrival: undefined, deadLetter: undefined }
  const { event } = distilled
  const at = context.clock.arrive(event.timestamp)
  return { delivery, line, arrival: { event, at, keys: context.router.keysOf(event) }, deadLetter: undefined }
}

function dead(
  delivery: Delivery,
  line: ArchiveLine,
  stage: string,
  reason: string,
  body = delivery.body,
): Prepared {
  return { delivery, line, arrival: undefined, deadLetter: { stage, reason, queue: delivery.queue, body } }
}

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString('utf8'))
    return true
  } catch {
    return false
  }
}

/** The dead letter of a message that the store refused. */
export function refusedByStore(prepared: Prepared, reason: string): NewDeadLetter {
  const { body, queue } = prepared.delivery
  return { stage: 'store', reason, queue, body }
}
