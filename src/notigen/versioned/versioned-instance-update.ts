import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { novaObject } from './nova-object.ts'
import { versionedBandwidth, versionedPeriod } from './versioned-audit.ts'
import { versionedInstance } from './versioned-instance.ts'

/** Payload of instance.update. Source: nova/notifications/objects/instance.py, InstanceUpdatePayload. */
export function versionedUpdatePayload(notice: InstanceNotice): JsonObject {
  const { before, instance, audit, at } = notice
  const period = audit ?? { begin: at, end: at }
  return novaObject('InstanceUpdatePayload', '2.0', {
    ...versionedInstance(notice),
    old_display_name: null,
    state_update: novaObject('InstanceStateUpdatePayload', '1.0', {
      old_state: before?.state ?? null,
      state: instance.state,
      old_task_state: before?.task ?? null,
      new_task_state: instance.task ?? null,
    }),
    audit_period: versionedPeriod(period),
    bandwidth: versionedBandwidth(period, instance),
    tags: [],
  })
}
