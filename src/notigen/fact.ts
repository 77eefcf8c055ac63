import type { Micros } from '../domain/time.ts'
import type { VmState } from './instance-states.ts'
import type { AuditPeriod, Notice } from './notice.ts'

/** What a notification about an instance says, as far as streams and usage depend on it. */
export type Fact = {
  readonly instanceId: string
  readonly eventType: string
  readonly at: Micros
  readonly state: VmState
  readonly launchedAt: Micros | undefined
  readonly deletedAt: Micros | undefined
  readonly audit: AuditPeriod | undefined
  /** flavor, project, architecture, version and distribution, in one text */
  readonly core: string
}

/** Undefined for what the streams of instances do not hold. */
export function factOf({ eventType, at, instance, audit }: Notice): Fact | undefined {
  if (!instance || !eventType.startsWith('compute.instance.')) return undefined
  const { flavor, image, project } = instance
  return {
    instanceId: instance.id,
    eventType,
    at,
    state: instance.state,
    launchedAt: instance.launchedAt,
    deletedAt: instance.deletedAt,
    audit,
    core: `${flavor.id} ${project.id} ${image.architecture} ${image.version} ${image.distro}`,
  }
}
