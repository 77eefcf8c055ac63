import type { ArchiveRecord, Metadata } from './archive.ts'

/** Bytes that are too large to be in memory whole: pieces of them are made when they are written. */
export type InPieces = {
  /** Makes the pieces, in order; each holds its bytes until the next is made. */
  pieces(): Iterable<Buffer>
}

/** A form of the files of an archive, for whoever writes them. */
export type ArchiveFormat = {
  /** Returns what a file holds of a record, in order. */
  encode(record: ArchiveRecord): readonly (Buffer | InPieces)[]
}

/** A region and cell that are written around each body: `{"region": …, "cell": …, "notification": BODY}`. */
export type Wrap = { readonly region: string; readonly cell: string }

/** A record of a file. */
export type ReadRecord = {
  /** number of bytes before the record in the unpacked file */
  readonly at: number
  /** number of bytes of the record there, with all that belongs to it */
  readonly length: number
  readonly payload: Buffer
  /** empty in files of lines */
  readonly metadata: Metadata
}

/** Bytes of a file that are no record. */
export type Damage = {
  /** number of bytes before them in the unpacked file */
  readonly at: number
  readonly length: number
  readonly reason: string
}

/** Takes the bytes of a file in pieces of any size and returns the records that are whole by then. */
export interface RecordParser {
  push(bytes: Buffer): readonly ReadRecord[]
  /** Returns what the end of the file completes. */
  end(): readonly ReadRecord[]
}

export type OnDamage = (damage: Damage) => void
