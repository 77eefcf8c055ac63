import type { Micros } from '../domain/time.ts'
import type { AuditPeriod } from './audit.ts'
import type { Instance } from './instance.ts'
import type { TaskState, VmState } from './instance-states.ts'
import { EXISTS, UPDATE } from './operations/operation.ts'
import type { Random } from './random.ts'
import { type Request, serviceRequest } from './request.ts'

/** Something that a service of the cloud tells, not yet written down as a message. */
export type Notice = {
  readonly messageId: string
  /** its old-style name, such as compute.instance.create.end */
  readonly eventType: string
  readonly at: Micros
  readonly request: Request
  /** as it is now: it changes when the next notice is taken */
  readonly instance: Instance | undefined
  /** what an update has changed */
  readonly before: Before | undefined
  /** the time an exists is about; of an update, the audit period so far */
  readonly audit: AuditPeriod | undefined
  /** of the image, volume or network that the operation is about */
  readonly resourceId: string
}

/** A notice about an instance. */
export type InstanceNotice = Notice & { readonly instance: Instance }

export type Before = { readonly state: VmState; readonly task: TaskState | undefined }

/** What an operation is about, and who asked for it. */
export type Subject = Pick<Notice, 'instance' | 'request' | 'resourceId'>

/** These tell of the audit period so far. */
const OF_PERIOD: readonly string[] = [EXISTS, UPDATE]

/** A step of an operation, in an audit period that begins then. */
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

/** What a service tells of an instance by itself: an exists, or an update of what is as it was. */
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
