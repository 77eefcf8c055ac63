/** Figures by sender, each a value per second, oldest first; null where nothing came. */
export type ValuesBySender = { readonly [sender: string]: readonly (number | null)[] }

/** What came of Heka in the last minute, as `GET /v1/heka` has it. */
export type HekaStatistics = {
  /** seconds since 1970, oldest first */
  readonly at: readonly number[]
  /** messages per second */
  readonly throughput: ValuesBySender
  /** seconds between a message's time and its reading */
  readonly lag: ValuesBySender
  readonly lag_threshold: { readonly warn: number; readonly error: number } | null
  /** batches per second */
  readonly batches: ValuesBySender
  readonly senders: readonly {
    readonly sender: string
    readonly source: string
    /** seconds since 1970 */
    readonly last_seen: number
  }[]
}
