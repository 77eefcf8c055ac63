import type { CountsByTrigger } from '../../streams/trigger-debug.ts'

/** How the passes of a worker ended, in streams. */
export type WorkerCounters = {
  fired: number
  expired: number
  failed: number
  /** streams that were completed although a commit failed */
  commitFailures: number
  /** failed runs that are run again */
  retries: number
  /** `pipeline`: runs that failed for good, `commit`: those of which a commit failed */
  deadLettersByStage: { [stage: string]: number }
  lost: number
  trimmed: number
  /** new events that match a trigger but can join no stream of it */
  misplaced: number
  /** what triggers with a debug_level did */
  triggers: CountsByTrigger
  /** transactions that were rolled back and run again */
  repeats: number
}

export function createWorkerCounters(): WorkerCounters {
  return {
    fired: 0,
    expired: 0,
    failed: 0,
    commitFailures: 0,
    retries: 0,
    deadLettersByStage: {},
    lost: 0,
    trimmed: 0,
    misplaced: 0,
    triggers: {},
    repeats: 0,
  }
}
