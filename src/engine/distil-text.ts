import { decodeNotificationText } from '../distiller/decode-notification.ts'
import type { Distilled, Distiller } from '../distiller/distiller.ts'
import type { Micros } from '../domain/time.ts'
import { stringifyJson } from '../text/json.ts'

/**
 * Returns a function that distils a notification given as an object or as JSON text, bare or in an envelope of
 * oslo.messaging. `now` is the time of events whose notifications have none.
 */
export function distilText(
  distiller: Distiller,
  now: () => Micros,
): (notification: object | string) => Distilled {
  return (notification) => {
    const text = typeof notification === 'string' ? notification : stringifyJson(notification)
    const decoded = decodeNotificationText(text)
    if (!decoded.ok) return { kind: 'failed', reason: decoded.reason }
    return distiller.distil(decoded.notification, now)
  }
}
