import type { Micros } from '../domain/time.ts'
import { beginOfDay } from './day.ts'
import type { Instance } from './instance.ts'
import type { TaskState, VmState } from './instance-states.ts'
import { EXISTS } from './operations/operation.ts'
import type { Random } from './random.ts'
import { type Request, serviceRequest } from './request.ts'

export type AuditPeriod = { readonly begin: Micros; readonly end: Micros }

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
  /** the time an exists is about */
  readonly audit: AuditPeriod | undefined
  /** of the image, volume or network that the operation is about */
  readonly resourceId: string
}

/** A notice about an instance. */
export type InstanceNotice = Notice & { readonly instance: Instance }

export type Before = { readonly state: VmState; readonly task: TaskState | undefined }

/** What an operation is about, and who asked for it. */
export type Subject = Pick<Notice, 'instance' | 'request' | 'resourceId'>

/** A step of an operation; an exists is about the day so far. */
export function stepNotice(
  subject: Subject,
  eventType: string,
  at: Micros,
  random: Random,
  before?: Before,
): Notice {
  const audit = eventType === EXISTS ? { begin: beginOfDay(at), end: at } : undefined
  const { instance, request, resourceId } = subject
  return { messageId: random.uuid(), eventType, at, request, instance, before, audit, resourceId }
}

/** An exists that a service sends by itself. */
export function auditNotice(
  eventType: string,
  instance: Instance,
  audit: AuditPeriod,
  at: Micros,
  random: Random,
): Notice {
  return {
    messageId: random.uuid(),
    eventType,
    at,
    request: serviceRequest(at, random),
    instance,
    before: undefined,
    audit,
    resourceId: instance.volume?.id ?? instance.id,
  }
}
