import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { instancePayload } from './instance.ts'

export const BUILD_FAILURE = 'No space left on the storage repository for the root disk.'

/** Payload of a failed attempt to build an instance. */
export function instanceErrorPayload(notice: InstanceNotice): JsonObject {
  const { instance, eventType } = notice
  const isRescheduled = eventType === 'compute.instance.create.error'
  return {
    ...instancePayload(notice),
    image_name: instance.image.name,
    code: '500',
    message: isRescheduled
      ? `Build of instance ${instance.id} was re-scheduled: ${BUILD_FAILURE}`
      : BUILD_FAILURE,
    exception: { kwargs: { instance_uuid: instance.id, reason: BUILD_FAILURE, code: 500 } },
  }
}
