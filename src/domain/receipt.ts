/** What may become of a notification that is given to the API. */
export const RECEIPT_OUTCOMES = ['stored', 'duplicate', 'dropped', 'filtered', 'dead_letter'] as const

/** What became of a notification that was given to the API. */
export type Receipt = {
  readonly outcome: (typeof RECEIPT_OUTCOMES)[number]
  /** null where the notification could not be read */
  readonly message_id: string | null
  readonly event_type: string | null
  /** of dead letters: what failed, and why */
  readonly stage?: string
  readonly reason?: string
}
