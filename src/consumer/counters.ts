/** What a consumer has done since it was started. */
export type ConsumerCounters = {
  received: number
  stored: number
  /** messages that were there already */
  duplicates: number
  /** notifications that no definition matches */
  dropped: number
  deadLetters: number
  /** events that match a trigger but can join no stream of it */
  misplaced: number
  batches: number
}

export function createConsumerCounters(): ConsumerCounters {
  return { received: 0, stored: 0, duplicates: 0, dropped: 0, deadLetters: 0, misplaced: 0, batches: 0 }
}
