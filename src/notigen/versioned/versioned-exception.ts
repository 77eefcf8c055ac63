import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { CALL_FAILURES } from '../templates/failed-call.ts'
import { novaObject } from './nova-object.ts'

/** Payload of compute.exception: a failed call of the compute service. */
export function versionedExceptionPayload({ eventType }: InstanceNotice): JsonObject {
  return versionedException('NovaException', CALL_FAILURES[eventType] ?? '', eventType)
}

/** ExceptionPayload. Source: nova/notifications/objects/exception.py. */
export function versionedException(exception: string, message: string, functionName: string): JsonObject {
  return novaObject('ExceptionPayload', '1.1', {
    exception,
    exception_message: message,
    function_name: functionName,
    module_name: 'nova.compute.manager',
    traceback: `Traceback (most recent call last):\n  File "nova/compute/manager.py", in ${functionName}\n${exception}: ${message}`,
  })
}
