import type { Micros } from '../domain/time.ts'
import type { Instance } from './instance.ts'
import type { TaskState, VmState } from './instance-states.ts'
import type { Request } from './request.ts'

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
  readonly before: { readonly state: VmState; readonly task: TaskState | undefined } | undefined
  /** the time an exists is about */
  readonly audit: AuditPeriod | undefined
  /** of the image, volume, port or network that the operation is about */
  readonly resourceId: string
}

/** A notice about an instance. */
export type InstanceNotice = Notice & { readonly instance: Instance }
