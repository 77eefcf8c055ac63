import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Micros } from '../../domain/time.ts'
import type { FilePart } from '../reader/read-records.ts'

/** What is known of some records: how many there are, when they were made, and of which types they are. */
export type RecordFacts = {
  readonly records: number
  /** times of the first and the last notification by their own timestamps; null where none has one */
  readonly first: Micros | null
  readonly last: Micros | null
  /** number of notifications by event type */
  readonly types: { readonly [eventType: string]: number }
}

/** A run of records that can be read by itself. */
export type IndexBlock = FilePart &
  RecordFacts & {
    readonly plainLength: number
    /** number of records without an event type or a time: they are found by no search for one */
    readonly unread: number
    /** filter of the ids in the notifications: see id-filter.ts */
    readonly ids: string
  }

/** What is known of a file of the archive. It saves reading the file, and can be made anew at any time. */
export type FileIndex = RecordFacts & {
  readonly version: 1
  /** size of the file on disk */
  readonly bytes: number
  /** size of its content */
  readonly plainBytes: number
  /** SHA-256 of the content, as hex digits */
  readonly sha256: string
  readonly unread: number
  readonly blocks: readonly IndexBlock[]
}

export const INDEX_VERSION = 1

/** Returns where the index of a file is: `.NAME.index` beside it. */
export function indexPath(file: string): string {
  return join(dirname(file), `.${basename(file)}.index`)
}

/** Formats an index: a line with what is known of the file, then a line for each block. */
export function formatIndex({ blocks, ...facts }: FileIndex): string {
  return [facts, ...blocks].map((line) => `${JSON.stringify(line)}\n`).join('')
}

/** Reads the index of a file. Resolves to undefined where there is none, or none of this file as it is. */
export async function readIndex(file: string): Promise<FileIndex | undefined> {
  try {
    const [text, { size }] = await Promise.all([readFile(indexPath(file), 'utf8'), stat(file)])
    const [facts, ...blocks] = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
    const isOfFile = facts?.version === INDEX_VERSION && facts.bytes === size
    const count = blocks.reduce((sum: number, { records }) => sum + records, 0)
    return isOfFile && count === facts.records ? { ...facts, blocks } : undefined
  } catch {
    // Never needed: whatever is wrong with it, the file itself is read.
    return undefined
  }
}
