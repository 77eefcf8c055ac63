import type { JsonObject } from '../../domain/notification.ts'
import { MICROS_PER_DAY } from '../../domain/time.ts'
import type { InstanceNotice } from '../notice.ts'
import type { Random } from '../random.ts'
import { someBandwidth } from './bandwidth.ts'
import { novaObject } from './nova-object.ts'
import { secondsTime } from './nova-time.ts'
import { versionedInstanceData } from './versioned-instance.ts'

/** instance.update. Source: nova/notifications/objects/instance.py, InstanceUpdatePayload. */
export function versionedUpdatePayload(notice: InstanceNotice, random: Random): JsonObject {
  const { before, instance, at, request } = notice
  return novaObject('InstanceUpdatePayload', '2.0', {
    ...versionedInstanceData(notice),
    request_id: request.id,
    old_display_name: null,
    state_update: novaObject('InstanceStateUpdatePayload', '1.0', {
      old_state: before?.state ?? null,
      state: instance.state,
      old_task_state: before?.task ?? null,
      new_task_state: instance.task ?? null,
    }),
    audit_period: auditPeriodObject(secondsTime(at - (at % MICROS_PER_DAY)), secondsTime(at)),
    bandwidth: bandwidthObjects(random),
    tags: [],
  })
}

export function auditPeriodObject(begin: string | null, end: string | null): JsonObject {
  return novaObject('AuditPeriodPayload', '1.0', {
    audit_period_beginning: begin,
    audit_period_ending: end,
  })
}

export function bandwidthObjects(random: Random): readonly JsonObject[] {
  return Object.entries(someBandwidth(random)).map(([network_name, { bw_in, bw_out }]) =>
    novaObject('BandwidthPayload', '1.0', { network_name, in_bytes: bw_in, out_bytes: bw_out }),
  )
}
