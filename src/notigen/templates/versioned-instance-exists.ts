import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notice.ts'
import type { Random } from '../random.ts'
import { novaObject } from './nova-object.ts'
import { secondsTime } from './nova-time.ts'
import { versionedInstanceData } from './versioned-instance.ts'
import { auditPeriodObject, bandwidthObjects } from './versioned-instance-update.ts'

/** instance.exists. Source: nova/notifications/objects/instance.py, InstanceExistsPayload. */
export function versionedExistsPayload(notice: InstanceNotice, random: Random): JsonObject {
  const { audit, at } = notice
  return novaObject('InstanceExistsPayload', '2.0', {
    ...versionedInstanceData(notice),
    audit_period: auditPeriodObject(secondsTime(audit?.begin ?? at), secondsTime(audit?.end ?? at)),
    bandwidth: bandwidthObjects(random),
  })
}
