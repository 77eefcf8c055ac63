import type { JsonObject } from '../../domain/notification.ts'
import { beginOfDay } from '../day.ts'
import type { InstanceNotice } from '../notice.ts'
import { bandwidthIn } from './bandwidth.ts'
import { instancePayload } from './instance.ts'
import { auditTime } from './nova-time.ts'

/** compute.instance.update: what was before, and the traffic of the day so far. */
export function instanceUpdatePayload({ before, instance, at }: InstanceNotice): JsonObject {
  const today = { begin: beginOfDay(at), end: at }
  return {
    ...instancePayload(instance),
    old_state: before?.state ?? null,
    old_task_state: before?.task ?? null,
    new_task_state: instance.task ?? null,
    audit_period_beginning: auditTime(today.begin),
    audit_period_ending: auditTime(today.end),
    bandwidth: bandwidthIn(today, instance),
  }
}
