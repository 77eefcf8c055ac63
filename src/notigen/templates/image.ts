import type { JsonObject } from '../../domain/notification.ts'
import type { Notice } from '../notices/notice.ts'
import { secondsTime } from './nova-time.ts'

/** Status of an image by event type. */
const STATUS: { readonly [eventType: string]: string } = {
  'image.create': 'queued',
  'image.prepare': 'saving',
  'image.upload': 'saving',
  'image.delete': 'deleted',
}

/**
 * Payload of image.*: a user's image in Glance, or the snapshot of an instance. Source: glance/notifier.py.
 */
export function imagePayload({ instance, request, resourceId, eventType, at }: Notice): JsonObject {
  const status = STATUS[eventType] ?? 'active'
  const isStored = status === 'active' || status === 'deleted'
  return {
    id: resourceId,
    name: instance ? `snapshot-of-${instance.name}` : `image-${resourceId.slice(0, 8)}`,
    owner: request.project.id,
    status,
    visibility: 'private',
    is_public: false,
    protected: false,
    container_format: 'bare',
    disk_format: 'qcow2',
    min_disk: instance?.flavor.diskGb ?? 0,
    min_ram: 0,
    size: isStored ? (instance?.image.sizeBytes ?? 1_200_000_000) : null,
    checksum: isStored ? resourceId.replaceAll('-', '') : null,
    created_at: secondsTime(request.at),
    updated_at: secondsTime(at),
    deleted: status === 'deleted',
    deleted_at: status === 'deleted' ? secondsTime(at) : null,
    tags: [],
    properties: {
      image_type: instance ? 'snapshot' : 'base',
      ...(instance ? { instance_uuid: instance.id, os_type: instance.image.osType } : {}),
    },
  }
}
