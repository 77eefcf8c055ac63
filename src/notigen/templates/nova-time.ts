import { formatIso, type Micros } from '../../domain/time.ts'
import { wholeSeconds } from '../told-times.ts'

/** Nova writes a space between date and time, and six digits; nothing where there is no time. */
export function novaTime(time: Micros | undefined): string {
  return time === undefined ? '' : formatIso(time, 'six').replace('T', ' ')
}

/** The ends of an audit period: as Python prints a time, without a fraction of zero. */
export function auditTime(time: Micros): string {
  return formatIso(time).replace('T', ' ')
}

/** The times of versioned notifications and of other services: whole seconds, and a Z; null where there is no time. */
export function secondsTime(time: Micros | undefined): string | null {
  return time === undefined ? null : `${formatIso(wholeSeconds(time))}Z`
}
