import { isUtf8 } from 'node:buffer'
import { readBytes } from '../runtime/read-texts.ts'

/** A line of a file and its line number, from 1. */
export type NumberedLine = {
  readonly number: number
  readonly text: string
  /** the bytes of a line that is not UTF-8, whose text has U+FFFD in place of some */
  readonly bytes?: Buffer
}

const LINE_FEED = 10

/** Yields the lines of a file that are not blank, as readNumberedLines does, without their numbers. */
export async function* readLines(file: string): AsyncGenerator<string> {
  for await (const { text } of readNumberedLines(file)) yield text
}

/** Yields the lines of a file that are not blank, until `signal` aborts. The file is read as readBytes reads it. */
export async function* readNumberedLines(file: string, signal?: AbortSignal): AsyncGenerator<NumberedLine> {
  let number = 1
  let open: Buffer[] = []
  for await (const bytes of readBytes(file, signal)) {
    let from = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      open.push(bytes.subarray(from, end))
      yield* lineOf(number++, open)
      open = []
      from = end + 1
    }
    if (from < bytes.length) open.push(bytes.subarray(from))
  }
  yield* lineOf(number, open)
}

function lineOf(number: number, pieces: readonly Buffer[]): NumberedLine[] {
  const bytes = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
  const line = bytes.toString('utf8')
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  if (text.trim() === '') return []
  return [isUtf8(bytes) ? { number, text } : { number, text, bytes }]
}
