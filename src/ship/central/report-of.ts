import type { ShipState } from '../agent/ship-state.ts'
import type { HostReport } from './messages.ts'

/** Returns what an agent says of itself to its server. */
export function reportOf(state: ShipState): HostReport {
  const { counters, backlog } = state
  const { oldest, oldestDueAt } = backlog
  return {
    shipped_files: counters.shippedFiles,
    shipped_bytes: counters.shippedBytes,
    deleted_files: counters.deletedFiles,
    deleted_bytes: counters.deletedBytes,
    pending_files: backlog.pendingFiles,
    pending_bytes: backlog.pendingBytes,
    oldest: oldest === undefined ? null : { ...oldest, due_at: oldestDueAt ?? null },
    errors: backlog.troubles,
    hindrance: state.hindrance() ?? null,
  }
}
