import type { Micros } from '../../domain/time.ts'

/** A process that reports its positions and is silent for so long has ended, ms. */
export const SILENT_MS = 10_000

/** Why a consumer holds the event clock back. */
export type HoldReason =
  /** its queue holds messages of long ago */
  | 'backlog'
  /** what it has at hand waits for the database, the archive or an app */
  | 'stuck'
  /** the queue cannot be read at the moment */
  | 'unread'
  /** it has just begun, and does not know yet what is in the queue */
  | 'starting'

/** Where a consumer stands with one queue. */
export type QueueReport = {
  /** event time up to which everything is stored; null: the queue is read up to its end */
  readonly at: Micros | null
  /** the wall clock when the consumer began to hold */
  readonly since: Micros
  readonly why: HoldReason | null
  /** the consumer has stopped in order */
  readonly hasLeft?: boolean | undefined
  /** where a replay of files goes on after a crash, in its own words; queues of a broker have none */
  readonly place?: string | undefined
}

/** Reports of one consumer by queue. */
export type QueueReports = { readonly [queue: string]: QueueReport }

/** Reports with a number that counts up; of two that cross, the later one stays. */
export type NumberedReports = { readonly number: number; readonly queues: QueueReports }

/** The last reports of a consumer that writes, or wrote, to this database. */
export type ReportedPositions = {
  /** id of its row */
  readonly writer: number
  readonly name: string
  readonly queues: QueueReports
  /** ms since it reported, by the database's clock */
  readonly ageMs: number
}

/**
 * The positions of consumers in their queues, from which the event clock follows. They are stored with each batch, in its
 * transaction: whoever sees an event sees the position that came with it.
 */
export interface Watermarks {
  /**
   * Reports positions while no batch is stored that would take them along. `reports` is called when they are about to be
   * written, and again where the transaction is repeated.
   */
  report(reports: () => NumberedReports): Promise<void>
  /** Reads the last reports of all consumers. */
  readReports(): Promise<ReportedPositions[]>
  /** Deletes the reports of these writers, unless they have reported within the last minute. */
  forgetReports(writers: readonly number[]): Promise<void>
  /** Deletes a queue from the reports of all writers that have left, or are silent for longer than SILENT_MS. */
  forgetQueue(queue: string): Promise<void>
}
