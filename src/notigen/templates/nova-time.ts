import { formatIso, type Micros } from '../../domain/time.ts'
import { wholeSeconds } from '../instance/told-times.ts'

/**
 * Formats a time as Nova's notifications do: a space between date and time, and six digits. Returns an empty
 * text for no time.
 */
export function novaTime(time: Micros | undefined): string {
  return time === undefined ? '' : formatIso(time, 'six').replace('T', ' ')
}

/** Formats an end of an audit period as Python prints a time: a fraction of zero is left out. */
export function auditTime(time: Micros): string {
  return formatIso(time).replace('T', ' ')
}

/**
 * Formats a time as versioned notifications and other services do: whole seconds and a Z. Returns null for no
 * time.
 */
export function secondsTime(time: Micros | undefined): string | null {
  return time === undefined ? null : `${formatIso(wholeSeconds(time))}Z`
}
