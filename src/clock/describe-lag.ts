import type { Micros } from '../domain/time.ts'
import { formatDuration } from '../text/format-duration.ts'
import { CURRENT } from './queue-position.ts'

/**
 * Says what becomes of notifications that are behind the wall clock; undefined when they are of now.
 *
 * @example
 * describeLag(3 * MICROS_PER_DAY, 'auto') // '3 days behind; the event clock follows the notifications'
 */
export function describeLag(lag: Micros, clock: 'auto' | 'wall' | 'time_sync'): string | undefined {
  if (lag < CURRENT) return undefined
  return `${formatDuration(lag)} behind; ${FATES[clock]}`
}

const FATES = {
  auto: 'the event clock follows the notifications',
  wall: 'streams will expire at once, see clock in winchester.yaml',
  time_sync: 'the event clock is that of time_sync_endpoint',
}
