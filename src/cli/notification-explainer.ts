import { wallClock } from '../clock/event-clock.ts'
import type { Config } from '../config/load/config.ts'
import { decodeNotification } from '../distiller/decode-notification.ts'
import { createDistiller } from '../distiller/distiller.ts'
import { explainBroken, explainNotification } from '../explain/notification/explain-notification.ts'

/**
 * Creates a function that explains what a configuration makes of a notification; undefined where it distils nothing.
 */
export function notificationExplainer(config: Config): ((body: Buffer) => object) | undefined {
  const catchAll = config.winchester.catch_all_notifications
  if (config.definitions.length === 0 && !catchAll) return undefined
  const distiller = createDistiller(config.definitions, { catchAll })
  return (body) => {
    const decoded = decodeNotification(body)
    if (!decoded.ok) return explainBroken(`${decoded.stage}: ${decoded.reason}`)
    return explainNotification(decoded.notification, { config, distiller, received: wallClock.now() })
  }
}
