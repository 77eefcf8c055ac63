import { clockSettingsOf } from '../assembly/event-clock-of.ts'
import { describeLag } from '../clock/format-lag.ts'
import type { Config } from '../config/load/config.ts'
import { decodeNotificationText } from '../distiller/decode-notification.ts'
import { ownTime } from '../distiller/distiller.ts'
import type { Micros } from '../domain/time.ts'

/** Says how far behind now a notification is, and what becomes of it; undefined where it is of now, or has no time. */
export function lagOf(text: string, config: Config): string | undefined {
  const time = timeOf(text)
  return time === undefined ? undefined : describeLag(Date.now() * 1000 - time, clockSettingsOf(config).mode)
}

function timeOf(text: string): Micros | undefined {
  const decoded = decodeNotificationText(text)
  try {
    return decoded.ok ? ownTime(decoded.notification) : undefined
  } catch {
    return undefined
  }
}
