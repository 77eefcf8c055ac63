import type { JsonObject } from '../../domain/notification.ts'
import type { AuditPeriod } from '../calendar/audit.ts'
import type { Instance } from '../instance/instance.ts'
import { bandwidthIn } from '../templates/bandwidth.ts'
import { secondsTime } from '../templates/nova-time.ts'
import { novaObject } from './nova-object.ts'

export function versionedPeriod({ begin, end }: AuditPeriod): JsonObject {
  return novaObject('AuditPeriodPayload', '1.0', {
    audit_period_beginning: secondsTime(begin),
    audit_period_ending: secondsTime(end),
  })
}

export function versionedBandwidth(period: AuditPeriod, instance: Instance): readonly JsonObject[] {
  return Object.entries(bandwidthIn(period, instance)).map(([network_name, { bw_in, bw_out }]) =>
    novaObject('BandwidthPayload', '1.0', { network_name, in_bytes: bw_in, out_bytes: bw_out }),
  )
}
