import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { bandwidthIn } from './bandwidth.ts'
import { instancePayload } from './instance.ts'
import { auditTime } from './nova-time.ts'

/** Payload of compute.instance.update: the state before, and the traffic of the audit period so far. */
export function instanceUpdatePayload(notice: InstanceNotice): JsonObject {
  const { before, instance, audit, at } = notice
  const period = audit ?? { begin: at, end: at }
  return {
    ...instancePayload(notice),
    old_state: before?.state ?? null,
    old_task_state: before?.task ?? null,
    new_task_state: instance.task ?? null,
    audit_period_beginning: auditTime(period.begin),
    audit_period_ending: auditTime(period.end),
    bandwidth: bandwidthIn(period, instance),
  }
}
