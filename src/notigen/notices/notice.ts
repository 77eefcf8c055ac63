import type { Micros } from '../../domain/time.ts'
import type { AuditPeriod } from '../calendar/audit.ts'
import type { Instance } from '../instance/instance.ts'
import type { TaskState, VmState } from '../operations/instance-states.ts'
import { EXISTS, UPDATE } from '../operations/operation.ts'
import type { Random } from '../random.ts'
import { type Request, serviceRequest } from './request.ts'

/** A notification of a service of the cloud before it is encoded as a message. */
export type Notice = {
  readonly messageId: string
  /** old-style event type, such as compute.instance.create.end */
  readonly eventType: string
  readonly at: Micros
  readonly request: Request
  /** the live instance, which changes with the next notice */
  readonly instance: Instance | undefined
  /** state and task before an update */
  readonly before: Before | undefined
  /** period of an exists; for an update, the audit period so far */
  readonly audit: AuditPeriod | undefined
  /** id of the image, volume or network of the operation */
  readonly resourceId: string
}

/** A notice about an instance. */
export type InstanceNotice = Notice & { readonly instance: Instance }

export type Before = { readonly state: VmState; readonly task: TaskState | undefined }

/** Instance and resource of an operation, and its request. */
export type Subject = Pick<Notice, 'instance' | 'request' | 'resourceId'>

/** Event types that carry the audit period. */
const OF_PERIOD: readonly string[] = [EXISTS, UPDATE]

/** Creates the notice of an operation's step. The given audit period ends at the time of the step. */
export function stepNotice(
  { instance, request, resourceId }: Subject,
  eventType: string,
  { begin, end: at }: AuditPeriod,
  random: Random,
  before?: Before,
): Notice {
  const audit = OF_PERIOD.includes(eventType) ? { begin, end: at } : undefined
  return { messageId: random.uuid(), eventType, at, request, instance, before, audit, resourceId }
}

/** Creates a notice that a service sends by itself: an exists, or an update without a change. */
export function serviceNotice(
  eventType: string,
  instance: Instance,
  audit: AuditPeriod,
  at: Micros,
  random: Random,
  before?: Before,
): Notice {
  const request = serviceRequest(at, random)
  const resourceId = instance.volume?.id ?? instance.id
  return { messageId: random.uuid(), eventType, at, request, instance, before, audit, resourceId }
}
