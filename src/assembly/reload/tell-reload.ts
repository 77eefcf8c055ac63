import type { ServiceManager } from '../../runtime/service-manager.ts'
import type { DaemonStatus } from '../daemon-status.ts'
import type { ReloadOutcome } from './outcome.ts'

/** Whom a daemon tells of its reloads. */
export type ReloadListeners = {
  readonly manager?: ServiceManager | undefined
  readonly status?: DaemonStatus | undefined
  /** Whether the daemon stops, and tells nobody any more that it runs. */
  readonly isStopped: () => boolean
}

/** Reloads, unless the daemon stops, and tells the service manager and the status tree of it. */
export async function tellReload(
  reload: () => Promise<ReloadOutcome>,
  { manager, status, isStopped }: ReloadListeners,
): Promise<ReloadOutcome> {
  if (isStopped()) return { ok: false, sentence: 'not reloaded: the daemon is stopping' }
  manager?.reloading()
  const outcome = await reload()
  status?.set('reload.error', outcome.ok ? undefined : outcome.sentence)
  if (outcome.ok) status?.set('reload.at', new Date().toISOString())
  if (!isStopped()) manager?.ready('running')
  return outcome
}

/** Returns the sentence about a reload: what was read, what has changed, and what did not take effect. */
export function reloadedSentence(
  what: string,
  changes: readonly string[],
  needsRestart: readonly string[],
): string {
  const restart = needsRestart.length > 0 ? `; needs a restart: ${needsRestart.join(', ')}` : ''
  return `reloaded ${what}: ${changes.join(', ') || 'nothing has changed'}${restart}`
}
