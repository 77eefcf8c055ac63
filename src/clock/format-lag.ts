import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, type Micros } from '../domain/time.ts'
import { CURRENT } from './queue-position.ts'

const UNITS = [
  [MICROS_PER_DAY, 'day'],
  [MICROS_PER_HOUR, 'hour'],
  [MICROS_PER_MINUTE, 'minute'],
  [1_000_000, 'second'],
] as const

/**
 * Formats a length of time in its largest unit of which there are two, or one of days.
 *
 * @example
 * formatLag(3 * MICROS_PER_DAY) // '3 days'
 */
export function formatLag(lag: Micros): string {
  const [size, unit] = UNITS.find(([size]) => lag >= (size === MICROS_PER_DAY ? size : 2 * size)) ?? UNITS[3]
  const count = Math.max(0, Math.floor(lag / size))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/**
 * Says what becomes of notifications that are behind the wall clock; undefined when they are of now.
 *
 * @example
 * describeLag(3 * MICROS_PER_DAY, 'auto') // '3 days behind; the event clock follows the notifications'
 */
export function describeLag(lag: Micros, clock: 'auto' | 'wall' | 'time_sync'): string | undefined {
  if (lag < CURRENT) return undefined
  return `${formatLag(lag)} behind; ${FATES[clock]}`
}

const FATES = {
  auto: 'the event clock follows the notifications',
  wall: 'streams will expire at once, see clock in winchester.yaml',
  time_sync: 'the event clock is that of time_sync_endpoint',
}
