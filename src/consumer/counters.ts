import type { Micros } from '../domain/time.ts'
import type { CountsByTrigger } from '../streams/trigger-debug.ts'

/** What a consumer has done since it was started. */
export type ConsumerCounters = {
  received: number
  stored: number
  /** messages that were there already */
  duplicates: number
  /** notifications that no definition matches */
  dropped: number
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
