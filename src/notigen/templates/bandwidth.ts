import { MICROS_PER_SECOND } from '../../domain/time.ts'
import type { AuditPeriod } from '../calendar/audit.ts'
import type { Instance } from '../instance/instance.ts'

/** Bytes transferred by an instance, by network. */
export type Bandwidth = {
  readonly [network in 'public' | 'private']: { readonly bw_in: number; readonly bw_out: number }
}

/**
 * Returns the traffic of an instance in a period. Its rate is constant, so that the counts of a period only
 * grow.
 */
export function bandwidthIn({ begin, end }: AuditPeriod, { id }: Instance): Bandwidth {
  const seconds = Math.floor((end - begin) / MICROS_PER_SECOND)
  const bytes = (at: number) => Number.parseInt(id.slice(at, at + 4), 16) * seconds
  return {
    public: { bw_in: bytes(0), bw_out: bytes(4) },
    private: { bw_in: bytes(24), bw_out: bytes(28) },
  }
}
