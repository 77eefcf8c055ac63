import type { Micros } from '../../domain/time.ts'
import type { AuditPeriod } from '../calendar/audit.ts'
import type { Format } from '../format/format.ts'
import { storedTimes, toldTimes, wholeSeconds } from '../instance/told-times.ts'
import type { Notice } from '../notices/notice.ts'
import type { TaskState, VmState } from '../operations/instance-states.ts'

/** The content of a notification about an instance on which streams and usage depend. */
export type Fact = {
  readonly instanceId: string
  /** old-style event type */
  readonly eventType: string
  readonly at: Micros
  readonly requestId: string
  readonly state: VmState
  /** undefined when no task is in progress */
  readonly task: TaskState | undefined
  /** for an update, the state before it, if the update has one */
  readonly oldState: VmState | undefined
  readonly launchedAt: Micros | undefined
  readonly deletedAt: Micros | undefined
  readonly terminatedAt: Micros | undefined
  readonly audit: AuditPeriod | undefined
  readonly flavor: string
  readonly project: string
  /**
   * architecture, version and distribution in one text; versioned notifications have the architecture only
   */
  readonly system: string
}

/** Returns the fact of a notice; undefined when the streams of instances do not contain it. */
export function factOf(
  { eventType, at, request, instance, before, audit }: Notice,
  format: Format,
): Fact | undefined {
  if (!instance || !eventType.startsWith('compute.instance.')) return undefined
  const { flavor, image, project } = instance
  const isVersioned = format === 'versioned'
  const system = isVersioned ? '' : `${image.version} ${image.distro}`
  return {
    instanceId: instance.id,
    eventType,
    at,
    requestId: request.id,
    state: instance.state,
    task: instance.task,
    oldState: before?.state,
    ...(isVersioned ? storedTimes(instance) : toldTimes(instance, eventType)),
    audit: isVersioned && audit ? inSeconds(audit) : audit,
    flavor: flavor.id,
    project: project.id,
    system: `${image.architecture} ${system}`,
  }
}

function inSeconds({ begin, end }: AuditPeriod): AuditPeriod {
  return { begin: wholeSeconds(begin), end: wholeSeconds(end) }
}
