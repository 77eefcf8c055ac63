import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { instanceRecord } from './instance-record.ts'
import { novaTime } from './nova-time.ts'

/** Error of each failing call of the compute service, by its name, which is the event type. */
export const CALL_FAILURES: { readonly [call: string]: string } = {
  terminate_instance: 'Driver error: connection reset by peer',
  rebuild_instance: 'The image could not be found.',
  rescue_instance: 'Driver error: connection reset by peer',
  snapshot_instance: 'The hypervisor gave no snapshot.',
}

/**
 * Payload of a failed call of the compute service, with its arguments. Source: nova/exception.py,
 * wrap_exception.
 */
export function failedCallPayload({ instance, eventType, request, resourceId }: InstanceNotice): JsonObject {
  const { project } = request
  return {
    exception: { kwargs: { instance_id: instance.id, reason: CALL_FAILURES[eventType] ?? '', code: 500 } },
    args: {
      self: null,
      instance: instanceRecord(instance),
      context: {
        request_id: request.id,
        timestamp: novaTime(request.at),
        auth_token: request.token ?? null,
        user_id: project.userId,
        user_name: project.userName,
        project_id: project.id,
        project_name: project.name,
        is_admin: request.isAdmin,
        roles: ['member'],
        remote_address: request.remoteAddress ?? null,
        read_deleted: 'no',
        quota_class: null,
        instance_lock_checked: false,
      },
      ...(eventType === 'snapshot_instance' ? { image_id: resourceId } : {}),
      ...(eventType === 'terminate_instance' ? { bdms: [], reservations: [] } : {}),
    },
  }
}
