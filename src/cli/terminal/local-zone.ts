import {
  formatIso,
  MICROS_PER_DAY,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  type Micros,
} from '../../domain/time.ts'
import type { Zone } from '../../text/named-time.ts'

const MICROS_PER_MS = 1000

/** The zone of this machine, or of the environment variable TZ. */
export const localZone: Zone = {
  wallOf(time) {
    return time + offsetOf(time) * MICROS_PER_MINUTE
  },
  utcOf(wall) {
    const civil = new Date(Math.floor(wall / MICROS_PER_SECOND) * MICROS_PER_MS)
    const local = new Date(0)
    local.setFullYear(civil.getUTCFullYear(), civil.getUTCMonth(), civil.getUTCDate())
    local.setHours(civil.getUTCHours(), civil.getUTCMinutes(), civil.getUTCSeconds(), 0)
    const rest = wall - Math.floor(wall / MICROS_PER_SECOND) * MICROS_PER_SECOND
    return local.getTime() * MICROS_PER_MS + rest
  },
}

/** Returns a time as ISO 8601 in local time with its offset, such as 2026-01-31T13:00:00+01:00. */
export function formatLocal(time: Micros): string {
  const offset = offsetOf(time)
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60]
  const two = (number: number) => String(number).padStart(2, '0')
  return `${formatIso(localZone.wallOf(time))}${offset < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`
}

/** Returns the minutes that local time is ahead of UTC. Far years have the offset of the last one that Date knows. */
function offsetOf(time: Micros): number {
  const bound = 1e8 * MICROS_PER_DAY
  const known = Math.min(Math.max(time, -bound), bound)
  return Math.round(-new Date(known / MICROS_PER_MS).getTimezoneOffset())
}
