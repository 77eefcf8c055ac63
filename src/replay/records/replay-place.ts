import { StackTachError } from '../../domain/errors.ts'
import type { Micros } from '../../domain/time.ts'
import { parseJson } from '../../text/json.ts'

/**
 * A place in a file: a number of bytes of its unpacked content, or of texts where the file is no archive. Whoever reads
 * parts of a file only, or packs it, does not change the places of its records.
 */
export type FilePlace = number

/**
 * Where a replay stands in its files, in the order in which they are opened: of those before `opened` everything is
 * stored, except the records of these files that end behind a place.
 */
export type ReplayPlace = {
  readonly opened: number
  readonly unfinished: readonly { readonly file: number; readonly from: FilePlace }[]
}

/** A place, and the event time that the replay has reached there. */
export type ReplayPosition = { readonly place: ReplayPlace; readonly at: Micros }

/** The place before everything. */
export const BEGINNING: ReplayPlace = { opened: 0, unfinished: [] }

/** Formats a position for the database. */
export function formatReplayPosition({ at, place: { opened, unfinished } }: ReplayPosition): string {
  return JSON.stringify([at, opened, ...unfinished.map(({ file, from }) => [file, from])])
}

/** Parses a position. Throws StackTachError for another text. */
export function parseReplayPosition(text: string): ReplayPosition {
  const parsed = parseJson(text)
  if (!Array.isArray(parsed)) throw new StackTachError('internal', `${text} is not the position of a replay`)
  const [at, opened, ...unfinished] = parsed as [number, number, ...(readonly [number, number])[]]
  return { at, place: { opened, unfinished: unfinished.map(([file, from]) => ({ file, from })) } }
}
