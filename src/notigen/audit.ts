import { MICROS_PER_DAY, MICROS_PER_HOUR, type Micros } from '../domain/time.ts'
import { beginOfDay } from './day.ts'

/** A stretch of time that an exists is about; begin inclusive, end exclusive. */
export type AuditPeriod = { readonly begin: Micros; readonly end: Micros }

/** How a cloud audits: `instance_usage_audit_period` of nova.conf. */
export type Audit = {
  readonly unit: 'hour' | 'day'
  /** after midnight, µs; hours are of days that begin at midnight */
  readonly dayBegins: Micros
}

export const DAILY: Audit = { unit: 'day', dayBegins: 0 }

const LENGTHS: { readonly [unit in Audit['unit']]: number } = { hour: MICROS_PER_HOUR, day: MICROS_PER_DAY }

/** The audit period that holds a time. */
export function auditPeriodAt({ unit, dayBegins }: Audit, at: Micros): AuditPeriod {
  const length = LENGTHS[unit]
  const today = beginOfDay(at, dayBegins)
  const begin = today + Math.floor((at - today) / length) * length
  return { begin, end: begin + length }
}

/** Whether it is an hour or a day, not what has passed of one. */
export function isWholePeriod({ begin, end }: AuditPeriod): boolean {
  return end - begin === LENGTHS.hour || end - begin === LENGTHS.day
}
