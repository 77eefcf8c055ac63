import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { novaObject } from './nova-object.ts'
import { versionedBandwidth, versionedPeriod } from './versioned-audit.ts'
import { versionedInstance } from './versioned-instance.ts'

/** Payload of instance.exists. Source: nova/notifications/objects/instance.py, InstanceExistsPayload. */
export function versionedExistsPayload(notice: InstanceNotice): JsonObject {
  const { audit, at, instance } = notice
  const period = audit ?? { begin: at, end: at }
  return novaObject('InstanceExistsPayload', '2.0', {
    ...versionedInstance(notice),
    audit_period: versionedPeriod(period),
    bandwidth: versionedBandwidth(period, instance),
  })
}
