import type { Prepared } from '../../consumer/prepared.ts'
import type { Micros } from '../../domain/time.ts'
import type { ReplayPlace } from './replay-place.ts'

/** A record of a file, as a reader yields it. */
export type RawRecord = {
  /** the body as it was published */
  readonly payload: Buffer
  /** the queue that it was read from, where the file knows it */
  readonly queue?: string | undefined
  /** when it was received, where the file knows it */
  readonly receivedAt?: Micros | undefined
  /** where it begins and ends in its file, however the file is read: see FilePlace */
  readonly begin: number
  readonly end: number
  /** Returns where the record stands, such as `day.jsonl:12:1`. */
  place(): string
}

/**
 * Reads the records of a file, some at a time, in the order of the file and in bounded memory. Ends when `signal`
 * aborts. Throws StackTachError when the file cannot be read.
 */
export type ReadFile = (file: string, signal: AbortSignal) => AsyncIterable<readonly RawRecord[]>

/** How many records, and bytes of their bodies, are held or taken at most. */
export type WindowLimits = { readonly records: number; readonly bytes: number }

/** A record that is ready to be stored, with the time by which records are put into order. */
export type TimedRecord = {
  readonly time: Micros
  /** where it begins in its file */
  readonly begin: number
  readonly prepared: Prepared
  /** bytes of its body */
  readonly bytes: number
  place(): string
}

/** Records in order of their times. */
export interface RecordSource {
  /** Returns the next records, as many as these limits allow; none when there are no more. */
  next(limits: WindowLimits): Promise<TimedRecord[]>
  /** Returns the place from which all records that `next` has not returned yet are read. */
  place(): ReplayPlace
  /** Ends reading. */
  close(): Promise<void>
}
