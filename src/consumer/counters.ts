import type { Micros } from '../domain/time.ts'
import type { CountsByTrigger } from '../streams/trigger-debug.ts'
import { arrivalOf, type Prepared } from './prepared.ts'
import type { StoredCounts } from './store-batch.ts'

/** What a consumer has done since it was started. */
export type ConsumerCounters = {
  received: number
  stored: number
  /** messages that were there already */
  duplicates: number
  /** notifications that no definition matches */
  dropped: number
  /** notifications that the filters of their queue keep from the streams */
  filtered: number
  deadLetters: number
  deadLettersByStage: { [stage: string]: number }
  /** events that match a trigger but can join no stream of it */
  misplaced: number
  batches: number
  /** times that a queue was lost and read again */
  reconnects: number
  /** what triggers with a debug_level did */
  triggers: CountsByTrigger
  /** transactions that were rolled back and run again */
  repeats: number
  /** the newest timestamp that was stored */
  newest: Micros | undefined
}

export function createConsumerCounters(): ConsumerCounters {
  return {
    received: 0,
    stored: 0,
    duplicates: 0,
    dropped: 0,
    filtered: 0,
    deadLetters: 0,
    deadLettersByStage: {},
    misplaced: 0,
    triggers: {},
    batches: 0,
    reconnects: 0,
    repeats: 0,
    newest: undefined,
  }
}

/** Counts what was stored of a batch, or of a part of one. */
export function countStored(counters: ConsumerCounters, stored: StoredCounts): void {
  counters.stored += stored.stored
  counters.duplicates += stored.duplicates
  counters.deadLetters += stored.deadLetters.length
  for (const stage of stored.deadLetters) {
    counters.deadLettersByStage[stage] = (counters.deadLettersByStage[stage] ?? 0) + 1
  }
  counters.batches++
}

/** Counts the messages of a batch that are neither events nor dead letters. */
export function countUnstored(counters: ConsumerCounters, batch: readonly Prepared[]): void {
  for (const { outcome } of batch) {
    if (outcome.kind === 'undefined') counters.dropped++
    else if (outcome.kind === 'filtered') counters.filtered++
    else if (outcome.kind === 'repeat') counters.duplicates++
  }
}

/** Notes the newest timestamp; one of the future says nothing of how far behind this consumer is. */
export function countNewest(counters: ConsumerCounters, batch: readonly Prepared[]): void {
  const now = Date.now() * 1000
  for (const prepared of batch) {
    const timestamp = arrivalOf(prepared)?.event.timestamp
    if (timestamp !== undefined && timestamp <= now) {
      counters.newest = Math.max(counters.newest ?? 0, timestamp)
    }
  }
}
