import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { bandwidthIn } from './bandwidth.ts'
import { instancePayload } from './instance.ts'
import { auditTime } from './nova-time.ts'

/** Payload of compute.instance.exists: the audit period, and the traffic in it. */
export function instanceExistsPayload(notice: InstanceNotice): JsonObject {
  const { instance, audit, at } = notice
  const period = audit ?? { begin: at, end: at }
  return {
    ...instancePayload(notice),
    audit_period_beginning: auditTime(period.begin),
    audit_period_ending: auditTime(period.end),
    bandwidth: bandwidthIn(period, instance),
  }
}
