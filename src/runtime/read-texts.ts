import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { messageOf, StackTachError } from '../domain/errors.ts'
import { FIRST_BYTES, requireNoNul, requireText } from './require-text.ts'

const BYTE_ORDER_MARK = Buffer.from('\ufeff')
/** First bytes of a text among which a NUL is looked for. */
const LOOKED_AT = 1024

/**
 * Yields the text of a UTF-8 file in pieces, as readBytes reads it. Bytes that are not UTF-8 become U+FFFD.
 */
export async function* readTexts(file: string, signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const bytes of readBytes(file, signal)) yield decoder.decode(bytes, { stream: true })
  yield decoder.decode()
}

/**
 * Yields the bytes of a file in pieces, without a byte order mark of UTF-8; `-` is standard input. What is packed by
 * gzip is unpacked, whatever its name. Ends when `signal` aborts: a pipe may stay silent for ever. Throws
 * StackTachError when the file cannot be read, is UTF-16, packed in another way, or no text.
 */
export async function* readBytes(file: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  const stop = () => input.destroy()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const raw: AsyncIterator<Buffer> = input[Symbol.asyncIterator]()
    const begin = await firstBytes(raw)
    let head: Buffer | undefined = Buffer.alloc(0)
    let count = 0
    for await (const bytes of unpacked(begin, raw)) {
      head = head && Buffer.concat([head, bytes])
      if (head && head.length < FIRST_BYTES) continue
      const next = head ? textBegin(head) : bytes
      head = undefined
      if (count < LOOKED_AT) requireNoNul(next.subarray(0, LOOKED_AT - count))
      count += next.length
      yield next
    }
    if (head) yield textBegin(head)
  } catch (error) {
    if (signal?.aborted) return
    throw new StackTachError('config', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** Returns the first bytes of a text without a byte order mark. Throws when they begin no text. */
function textBegin(begin: Buffer): Buffer {
  requireText(begin.subarray(0, LOOKED_AT))
  const isMarked = begin.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
  return isMarked ? begin.subarray(BYTE_ORDER_MARK.length) : begin
}

function unpacked(begin: Buffer, rest: AsyncIterator<Buffer>): AsyncIterable<Buffer> {
  const all = Readable.from(joined(begin, rest))
  if (!isGzip(begin)) return all
  const gunzip = createGunzip()
  all.on('error', (error) => gunzip.destroy(error))
  return all.pipe(gunzip).on('error', () => all.destroy())
}

/** Returns at least the first two bytes, or all when there are fewer. */
async function firstBytes(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let begin = Buffer.alloc(0)
  while (begin.length < 2) {
    const { value, done } = await chunks.next()
    if (done) break
    begin = Buffer.concat([begin, value])
  }
  return begin
}

async function* joined(begin: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield begin
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}
