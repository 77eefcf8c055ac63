import type { Micros } from '../domain/time.ts'
import { type Decoded, decodeNotification } from './decode-notification.ts'
import { readableTime } from './distiller.ts'

/** Returns the time of the notification in a body; undefined where it is none, or has no time that can be read. */
export function timeOfBody(body: Buffer): Micros | undefined {
  return timeOfDecoded(decodeNotification(body))
}

/** Returns the time of what was decoded; undefined where it is no notification, or has no time that can be read. */
export function timeOfDecoded(decoded: Decoded | undefined): Micros | undefined {
  return decoded?.ok ? readableTime(decoded.notification) : undefined
}
