import type { Delivery } from '../broker/broker.ts'
import { decodeNotification } from '../distiller/decode-notification.ts'
import { readableTime } from '../distiller/distiller.ts'
import type { Micros } from '../domain/time.ts'
import { plainBody } from './body/plain-body.ts'

/**
 * Returns the time of the first message that has one. Skips messages that cannot be read.
 */
export function firstTimeOf(deliveries: readonly Delivery[], maxMessageBytes: number): Micros | undefined {
  for (const { body, fault, properties } of deliveries) {
    if (fault !== undefined || body.length > maxMessageBytes) continue
    const plain = plainBody(body, properties, maxMessageBytes)
    const decoded = plain.ok ? decodeNotification(plain.body) : undefined
    const time = decoded?.ok ? readableTime(decoded.notification) : undefined
    if (time !== undefined) return time
  }
  return undefined
}
