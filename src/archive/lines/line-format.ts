import type { ArchiveRecord } from '../archive.ts'
import type { ArchiveFormat, InPieces, Wrap } from '../format.ts'

const [NEWLINE, RETURN, BLANK] = [10, 13, 32]
const LINE_END = Buffer.from('\n')

/**
 * Creates the format of files with one message a line. JSON stays byte for byte as it came (a line end between
 * its tokens becomes a blank); any other body becomes `{"raw_base64": …}`.
 */
export function createLineFormat(wrap?: Wrap): ArchiveFormat {
  const [head, tail] = wrap ? wrapOf(wrap) : [undefined, LINE_END]
  return {
    encode(record) {
      const line = [jsonOf(record), tail]
      return head ? [head, ...line] : line
    },
  }
}

function wrapOf({ region, cell }: Wrap): [Buffer, Buffer] {
  const head = `{"region": ${JSON.stringify(region)}, "cell": ${JSON.stringify(cell)}, "notification": `
  return [Buffer.from(head), Buffer.from('}\n')]
}

/** Returns a body as JSON on one line. */
export function jsonOf({ body, isJson }: Pick<ArchiveRecord, 'body' | 'isJson'>): Buffer | InPieces {
  if (!isJson) return base64Json(body)
  if (!body.includes(NEWLINE) && !body.includes(RETURN)) return body
  return body.map((byte) => (byte === NEWLINE || byte === RETURN ? BLANK : byte)) as Buffer
}

/** Bytes that are encoded at a time: a multiple of three, so that pieces of base64 join without padding. */
const PIECE_BYTES = 48 * 1024
const [HEAD, TAIL] = [Buffer.from('{"raw_base64":"'), Buffer.from('"}')]

function base64Json(body: Buffer): Buffer | InPieces {
  const json = { pieces: () => base64Pieces(body) }
  return body.length > PIECE_BYTES ? json : joined(json)
}

function* base64Pieces(body: Buffer): Iterable<Buffer> {
  yield HEAD
  const piece = Buffer.allocUnsafe((PIECE_BYTES / 3) * 4)
  for (let from = 0; from < body.length; from += PIECE_BYTES) {
    const length = piece.write(body.toString('base64', from, from + PIECE_BYTES), 'latin1')
    yield piece.subarray(0, length)
  }
  yield TAIL
}

/** Returns pieces as one buffer. */
export function joined({ pieces }: InPieces): Buffer {
  return Buffer.concat(Array.from(pieces(), (piece) => Buffer.from(piece)))
}
