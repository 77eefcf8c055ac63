import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { secondsTime } from './nova-time.ts'

/** Payload of snapshot.*: a copy of a volume. Source: cinder/volume/volume_utils.py. */
export function volumeSnapshotPayload({
  instance,
  request,
  resourceId,
  eventType,
}: InstanceNotice): JsonObject {
  return {
    tenant_id: instance.project.id,
    user_id: instance.project.userId,
    availability_zone: 'nova',
    volume_id: resourceId,
    snapshot_id: `${resourceId.slice(0, -12)}${resourceId.slice(0, 8)}0001`,
    display_name: `copy-of-${instance.name}`,
    volume_size: 100,
    status: eventType.endsWith('.start') ? 'creating' : 'available',
    created_at: secondsTime(request.at),
    deleted: '',
    metadata: '{}',
  }
}
