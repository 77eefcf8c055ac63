import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notice.ts'
import { CALL_FAILURES } from './failed-call.ts'
import { BUILD_FAILURE } from './instance-error.ts'
import { novaObject } from './nova-object.ts'
import { versionedInstanceData } from './versioned-instance.ts'

/** compute.exception. Source: nova/notifications/objects/exception.py. */
export function versionedExceptionPayload({ eventType }: InstanceNotice): JsonObject {
  return exceptionObject('NovaException', CALL_FAILURES[eventType] ?? '', eventType)
}

/** instance.create.error: the attempt and what went wrong. */
export function versionedErrorPayload(notice: InstanceNotice): JsonObject {
  return novaObject('InstanceCreatePayload', '1.12', {
    ...versionedInstanceData(notice),
    fault: exceptionObject('RescheduledException', BUILD_FAILURE, '_build_and_run_instance'),
    keypairs: [],
    tags: [],
    trusted_image_certificates: null,
    instance_name: `instance-${notice.instance.id.slice(0, 8)}`,
    request_id: notice.request.id,
    action_initiator_user: notice.request.project.userId,
    action_initiator_project: notice.request.project.id,
  })
}

function exceptionObject(exception: string, message: string, functionName: string): JsonObject {
  return novaObject('ExceptionPayload', '1.1', {
    exception,
    exception_message: message,
    function_name: functionName,
    module_name: 'nova.compute.manager',
    traceback: `Traceback (most recent call last):\n  File "nova/compute/manager.py", in ${functionName}\n${exception}: ${message}`,
  })
}
