import type { CountsByTrigger } from '../../streams/trigger-debug.ts'

/** The counts of a worker since its start, in streams unless said otherwise. */
export type WorkerCounters = {
  fired: number
  expired: number
  failed: number
  /** streams that were completed although a commit failed */
  commitFailures: number
  /** failed runs that are repeated */
  retries: number
  /** `pipeline`: runs that failed for good; `commit`: runs with a failed commit */
  deadLettersByStage: { [stage: string]: number }
  lost: number
  trimmed: number
  /** new events that match a trigger but can join no stream of it */
  misplaced: number
  /** counts of the triggers with a debug_level */
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
