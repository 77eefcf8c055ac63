import type { Micros } from '../../domain/time.ts'

export type Trim = {
  /** time before which an event counts as old */
  readonly olderThan: Micros
  /** most events to delete */
  readonly limit: number
  /** the place where an earlier call ended; undefined begins with the oldest event */
  readonly after?: TrimPlace | undefined
}

export type TrimPlace = { readonly generated: Micros; readonly id: number }

/** How many events were deleted, and where to go on; `after` is undefined when there are no more. */
export type Trimmed = { readonly trimmed: number; readonly after: TrimPlace | undefined }

/** Housekeeping in small steps, for workers that have nothing else to do. */
export interface Upkeep {
  /**
   * Records first and last event time of the oldest bucket of ids that no transaction writes to any more, so
   * that lists by time can skip it. Returns true while more buckets wait.
   */
  closeSpan(): Promise<boolean>
  /** Deletes changes of streams beyond the newest 100,000, a few at a time. Returns true while there are more. */
  trimChanges(): Promise<boolean>
  /** Deletes old events that are in no stream. */
  trimEvents(trim: Trim): Promise<Trimmed>
}
