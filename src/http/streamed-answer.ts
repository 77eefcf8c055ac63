import type { Response } from 'express'
import type { Held } from './answer-memory.ts'

/** Longest answer, in characters, that is sent at once and with its length; most pages are. */
const SHORT = 1_048_576
/** Bytes of a longer answer that are written at a time. */
const CHUNK = 65_536

/**
 * An answer that is written piece by piece, as the client takes it, JSON unless `type` says otherwise; `next` is the
 * mark of its last row.
 */
export class StreamedAnswer {
  readonly pieces: Iterable<string> | AsyncIterable<string>
  readonly next: string | undefined
  readonly type: string

  constructor(pieces: Iterable<string> | AsyncIterable<string>, next?: string, type = 'application/json') {
    this.type = type
    this.pieces = pieces
    this.next = next
  }
}

/** An answer that is sent byte for byte, and that no browser shows as a page. */
export class PlainBytes {
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
}

/** Creates the answer of a list; `encode` returns the JSON of a row, when its turn comes. */
export function listAnswer<T>(rows: readonly T[], encode: (row: T) => string, next?: string): StreamedAnswer {
  return new StreamedAnswer(pieces(), next)

  function* pieces(): Generator<string> {
    // Not a piece for each row: whoever sends them waits a turn for each.
    let text = '['
    for (const [index, row] of rows.entries()) {
      text += `${index > 0 ? ',' : ''}${encode(row)}`
      if (text.length < CHUNK) continue
      yield text
      text = ''
    }
    yield `${text}]`
  }
}

/** Sends a short answer at once, and a longer one in chunks. */
export async function sendStreamed(
  response: Response,
  { pieces, type }: StreamedAnswer,
  held: Held,
): Promise<void> {
  response.type(type)
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

/** Splits a long text into parts of bytes, so that a client that does not take them is noticed. */
function* partsOf(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text)
  for (let start = 0; start < bytes.length; start += CHUNK) yield bytes.subarray(start, start + CHUNK)
}
