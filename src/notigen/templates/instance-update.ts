import type { JsonObject } from '../../domain/notification.ts'
import { MICROS_PER_DAY } from '../../domain/time.ts'
import type { InstanceNotice } from '../notice.ts'
import type { Random } from '../random.ts'
import { someBandwidth } from './bandwidth.ts'
import { instancePayload } from './instance.ts'
import { auditTime } from './nova-time.ts'

/** compute.instance.update: what was before, and the traffic of the day so far. */
export function instanceUpdatePayload({ before, instance, at }: InstanceNotice, random: Random): JsonObject {
  return {
    ...instancePayload(instance),
    old_state: before?.state ?? null,
    old_task_state: before?.task ?? null,
    new_task_state: instance.task ?? null,
    audit_period_beginning: auditTime(at - (at % MICROS_PER_DAY)),
    audit_period_ending: auditTime(at),
    bandwidth: someBandwidth(random),
  }
}
