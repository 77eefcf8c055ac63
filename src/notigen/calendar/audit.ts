import { MICROS_PER_DAY, MICROS_PER_HOUR, type Micros } from '../../domain/time.ts'
import { beginOfDay } from './day.ts'

/** Period that an exists reports; begin inclusive, end exclusive. */
export type AuditPeriod = { readonly begin: Micros; readonly end: Micros }

/** Audit setting of a cloud: `instance_usage_audit_period` of nova.conf. */
export type Audit = {
  readonly unit: 'hour' | 'day'
  /** offset of days from midnight, µs; 0 for hourly audits */
  readonly dayBegins: Micros
}

export const DAILY: Audit = { unit: 'day', dayBegins: 0 }

const LENGTHS: { readonly [unit in Audit['unit']]: number } = { hour: MICROS_PER_HOUR, day: MICROS_PER_DAY }

/** Returns the audit period that contains a time. */
export function auditPeriodAt({ unit, dayBegins }: Audit, at: Micros): AuditPeriod {
  const length = LENGTHS[unit]
  const today = beginOfDay(at, dayBegins)
  const begin = today + Math.floor((at - today) / length) * length
  return { begin, end: begin + length }
}

/** Whether a period is a whole hour or day, not the elapsed part of one. */
export function isWholePeriod({ begin, end }: AuditPeriod): boolean {
  return end - begin === LENGTHS.hour || end - begin === LENGTHS.day
}
