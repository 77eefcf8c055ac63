import { clockSettingsOf } from '../assembly/event-clock-of.ts'
import { describeLag } from '../clock/describe-lag.ts'
import { wallClock } from '../clock/event-clock.ts'
import type { Config } from '../config/load/config.ts'
import { decodeNotificationText } from '../distiller/decode-notification.ts'
import { timeOfDecoded } from '../distiller/time-of-body.ts'

/** Says how far behind now a notification is, and what becomes of it; undefined where it is of now, or has no time. */
export function lagOf(text: string, config: Config): string | undefined {
  const time = timeOfDecoded(decodeNotificationText(text))
  return time === undefined ? undefined : describeLag(wallClock.now() - time, clockSettingsOf(config).mode)
}
