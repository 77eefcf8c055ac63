import { formatIso, type Micros } from '../domain/time.ts'
import type { DaemonStatus } from './daemon-status.ts'

type ConsumerCounters = {
  readonly received: number
  readonly stored: number
  readonly deadLetters: number
  readonly newest: Micros | undefined
}

type WorkerCounters = {
  readonly fired: number
  readonly expired: number
  readonly failed: number
  readonly retries: number
}

/** Says in the status tree what a consumer has taken since its start. */
export function followConsumer(status: DaemonStatus, counters: ConsumerCounters): void {
  status.follow(() => ({
    'consumer.received': counters.received,
    'consumer.stored': counters.stored,
    'consumer.dead_letters': counters.deadLetters,
    'consumer.newest_event': isoOrNull(counters.newest),
  }))
}

/** Says in the status tree which streams a worker has run since its start. */
export function followWorker(status: DaemonStatus, counters: WorkerCounters): void {
  status.follow(() => ({
    'worker.fired': counters.fired,
    'worker.expired': counters.expired,
    'worker.failed': counters.failed,
    'worker.retries': counters.retries,
  }))
  status.noteChange('worker.last_fired', () => counters.fired + counters.expired)
}

/** Formats a time for others; null where there is none. */
export function isoOrNull(time: Micros | undefined): string | null {
  return time === undefined ? null : formatIso(time)
}
