import type { AuditPeriod } from '../calendar/audit.ts'
import type { Instance } from './instance.ts'
import { wholeSeconds } from './told-times.ts'

/**
 * Whether Nova's audit finds an instance: it has a host, was launched before the end of the period, and was
 * not terminated before its begin. Source: instance_get_active_by_window_joined of nova/db/main/api.py.
 */
export function isAudited(
  { host, launchedAt, terminatedAt }: Instance,
  { begin, end }: AuditPeriod,
): boolean {
  if (host === undefined || launchedAt === undefined || wholeSeconds(launchedAt) >= end) return false
  return terminatedAt === undefined || wholeSeconds(terminatedAt) > begin
}

/** Whether an exists would have the same content for both. */
export function isUnchanged(a: Instance, b: Instance): boolean {
  return (
    a.state === b.state &&
    a.task === b.task &&
    a.host === b.host &&
    a.flavor === b.flavor &&
    a.image === b.image &&
    a.launchedAt === b.launchedAt &&
    a.deletedAt === b.deletedAt &&
    a.terminatedAt === b.terminatedAt
  )
}
