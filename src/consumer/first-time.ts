import type { Delivery } from '../broker/broker.ts'
import { decodeNotification } from '../distiller/decode-notification.ts'
import { readableTime } from '../distiller/distiller.ts'
import type { Micros } from '../domain/time.ts'

/**
 * Returns the time of the first message that has one. Skips messages that are compressed or cannot be read.
 */
export function firstTimeOf(deliveries: readonly Delivery[], maxMessageBytes: number): Micros | undefined {
  for (const { body, fault, compression } of deliveries) {
    if (fault !== undefined || compression !== undefined || body.length > maxMessageBytes) continue
    const decoded = decodeNotification(body)
    const time = decoded.ok ? readableTime(decoded.notification) : undefined
    if (time !== undefined) return time
  }
  return undefined
}
