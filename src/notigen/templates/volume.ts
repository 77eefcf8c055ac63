import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { auditTime, secondsTime } from './nova-time.ts'

/** Status of a volume by event type. */
const STATUS: { readonly [eventType: string]: string } = {
  'volume.create.start': 'creating',
  'volume.create.end': 'available',
  'volume.attach.start': 'attaching',
  'volume.attach.end': 'in-use',
  'volume.detach.start': 'detaching',
  'volume.detach.end': 'available',
  'volume.delete.start': 'deleting',
  'volume.delete.end': 'deleted',
}

/** Payload of volume.*: a disk of the block storage. Source: cinder/volume/volume_utils.py. */
export function volumePayload(notice: InstanceNotice): JsonObject {
  const { instance, request, resourceId, eventType, at, audit } = notice
  const status = STATUS[eventType] ?? 'in-use'
  const attachment = {
    instance_uuid: instance.id,
    volume_id: resourceId,
    mountpoint: '/dev/vdb',
    attach_mode: 'rw',
    attach_status: 'attached',
  }
  return {
    tenant_id: instance.project.id,
    user_id: instance.project.userId,
    availability_zone: 'nova',
    volume_id: resourceId,
    volume_type: 'ssd',
    display_name: `volume-of-${instance.name}`,
    host: 'cinder-1@lvm#ssd',
    status,
    size: 100,
    snapshot_id: null,
    replication_status: 'disabled',
    replication_extended_status: null,
    replication_driver_data: null,
    metadata: [],
    created_at: secondsTime(instance.volume?.createdAt ?? request.at),
    launched_at: secondsTime(instance.volume?.launchedAt),
    ...(status === 'in-use' || status === 'detaching' ? { volume_attachment: [attachment] } : {}),
    ...(status === 'deleted' ? { deleted_at: secondsTime(at) } : {}),
    ...(audit
      ? { audit_period_beginning: auditTime(audit.begin), audit_period_ending: auditTime(audit.end) }
      : {}),
  }
}
