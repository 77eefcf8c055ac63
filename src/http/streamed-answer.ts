import type { Response } from 'express'
import { stringifyJson } from '../text/json.ts'
import type { Held } from './answer-memory.ts'

/** An answer that is no longer goes out at once, with its length; most pages do. */
const SHORT = 1_048_576
/** What is written of longer ones at a time. */
const CHUNK = 65_536

/** An answer of JSON that is written piece by piece, as the client takes it; `next` is the mark of its last row. */
export class StreamedAnswer {
  readonly pieces: Iterable<string> | AsyncIterable<string>
  readonly next: string | undefined

  constructor(pieces: Iterable<string> | AsyncIterable<string>, next?: string) {
    this.pieces = pieces
    this.next = next
  }
}

/** A list; each row is encoded when its turn comes. */
export function listAnswer<T>(rows: readonly T[], show: (row: T) => unknown, next?: string): StreamedAnswer {
  return new StreamedAnswer(pieces(), next)

  function* pieces(): Generator<string> {
    yield '['
    for (const [index, row] of rows.entries()) yield `${index > 0 ? ',' : ''}${stringifyJson(show(row))}`
    yield ']'
  }
}

/** Sends a short answer at once, and any other in chunks. */
export async function sendStreamed(
  response: Response,
  { pieces }: StreamedAnswer,
  held: Held,
): Promise<void> {
  response.type('application/json')
  let chunk = ''
  for await (const piece of pieces) {
    chunk += piece
    if (chunk.length < SHORT) continue
    for (const part of partsOf(chunk)) if (!(await held.write(part))) return
    chunk = ''
  }
  if (response.destroyed) return
  if (response.headersSent) response.end(chunk)
  else response.send(chunk)
}

/** A long text in parts of bytes, so that it is seen whether they are taken. */
function* partsOf(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text)
  for (let start = 0; start < bytes.length; start += CHUNK) yield bytes.subarray(start, start + CHUNK)
}
