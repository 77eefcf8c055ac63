import { OTHER_DETAILS, type TallyBook } from '../domain/tally.ts'
import type { Micros } from '../domain/time.ts'
import type { CountsByTrigger } from '../streams/trigger-debug.ts'
import { arrivalOf, type Prepared } from './prepared.ts'
import type { StoredCounts } from './store-batch.ts'

/** The counts of a consumer since its start, in messages unless said otherwise. */
export type ConsumerCounters = {
  received: number
  stored: number
  /** messages whose event was stored already */
  duplicates: number
  /** notifications that no definition matches */
  dropped: number
  /** the same by event type, at most 50 of them and `others` */
  droppedByType: Map<string, number>
  /** notifications that the filters of their queue exclude from the streams */
  filtered: number
  deadLetters: number
  deadLettersByStage: { [stage: string]: number }
  /** events that match a trigger but can join no stream of it */
  misplaced: number
  batches: number
  /** how often a queue was lost and read again */
  reconnects: number
  /** counts of the triggers with a debug_level */
  triggers: CountsByTrigger
  /** transactions that were rolled back and run again */
  repeats: number
  /** the newest timestamp that was stored, timestamps of the future left out */
  newest: Micros | undefined
}

export function createConsumerCounters(): ConsumerCounters {
  return {
    received: 0,
    stored: 0,
    duplicates: 0,
    dropped: 0,
    droppedByType: new Map(),
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

/** Counts the stored messages of a batch, or of a part of one. */
export function countStored(counters: ConsumerCounters, stored: StoredCounts): void {
  counters.stored += stored.stored
  counters.duplicates += stored.duplicates
  counters.deadLetters += stored.deadLetters.length
  for (const stage of stored.deadLetters) {
    counters.deadLettersByStage[stage] = (counters.deadLettersByStage[stage] ?? 0) + 1
  }
  counters.batches++
}

/** Counts the messages of a batch by queue, and those that are neither events nor dead letters. */
export function countUnstored(
  counters: ConsumerCounters,
  batch: readonly Prepared[],
  tally?: Pick<TallyBook, 'add'>,
): void {
  const taken = new Map<string, number>()
  for (const { outcome, delivery } of batch) {
    taken.set(delivery.queue, (taken.get(delivery.queue) ?? 0) + 1)
    if (outcome.kind === 'undefined') {
      counters.dropped++
      countType(counters.droppedByType, outcome.eventType)
      tally?.add('dropped', delivery.queue, outcome.eventType)
    }
    if (outcome.kind === 'filtered') counters.filtered++
    else if (outcome.kind === 'repeat') counters.duplicates++
  }
  for (const [queue, messages] of taken) tally?.add('taken', queue, '', messages)
}

/** Most event types that are counted apart. */
const MOST_TYPES = 50

function countType(counts: Map<string, number>, type: string): void {
  const key = counts.has(type) || counts.size < MOST_TYPES ? type : OTHER_DETAILS
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/**
 * Records the newest timestamp. Skips those of the future: they do not show how far behind the consumer is.
 */
export function countNewest(counters: ConsumerCounters, batch: readonly Prepared[]): void {
  const now = Date.now() * 1000
  for (const prepared of batch) {
    const timestamp = arrivalOf(prepared)?.event.timestamp
    if (timestamp !== undefined && timestamp <= now) {
      counters.newest = Math.max(counters.newest ?? 0, timestamp)
    }
  }
}
