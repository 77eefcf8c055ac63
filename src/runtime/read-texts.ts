import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { messageOf, StackTachError } from '../domain/errors.ts'

const BYTE_ORDER_MARK = Buffer.from('\ufeff')

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
 * StackTachError when the file cannot be read, or is UTF-16.
 */
export async function* readBytes(file: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  const stop = () => input.destroy()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const raw: AsyncIterator<Buffer> = input[Symbol.asyncIterator]()
    const begin = await firstBytes(raw)
    if (isUtf16(begin)) throw new Error('it is UTF-16; expected UTF-8')
    let head: Buffer | undefined = Buffer.alloc(0)
    for await (const bytes of unpacked(begin, raw)) {
      if (head) {
        head = Buffer.concat([head, bytes])
        if (head.length < BYTE_ORDER_MARK.length) continue
      }
      yield head ? withoutMark(head) : bytes
      head = undefined
    }
    if (head) yield head
  } catch (error) {
    if (signal?.aborted) return
    throw new StackTachError('config', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function withoutMark(begin: Buffer): Buffer {
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

function isUtf16([first, second]: Buffer): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
}
