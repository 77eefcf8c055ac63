import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notice.ts'
import type { Random } from '../random.ts'
import { someBandwidth } from './bandwidth.ts'
import { instancePayload } from './instance.ts'
import { auditTime } from './nova-time.ts'

/** compute.instance.exists: the time it is about, and the traffic in it. */
export function instanceExistsPayload({ instance, audit, at }: InstanceNotice, random: Random): JsonObject {
  return {
    ...instancePayload(instance),
    audit_period_beginning: auditTime(audit?.begin ?? at),
    audit_period_ending: auditTime(audit?.end ?? at),
    bandwidth: someBandwidth(random),
  }
}
