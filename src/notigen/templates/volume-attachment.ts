import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notice.ts'
import { instancePayload } from './instance.ts'

/** compute.instance.volume.attach and detach: the instance and which volume. */
export function volumeAttachmentPayload({ instance, resourceId }: InstanceNotice): JsonObject {
  return { ...instancePayload(instance), volume_id: resourceId }
}
