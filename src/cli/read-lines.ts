import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { messageOf, StackTachError } from '../domain/errors.ts'

/** A line of a file and its line number, from 1. */
export type NumberedLine = { readonly number: number; readonly text: string }

/**
 * Yields the lines of a file that are not blank, as readNumberedLines does, without their numbers.
 */
export async function* readLines(file: string): AsyncGenerator<string> {
  for await (const { text } of readNumberedLines(file)) yield text
}

/**
 * Yields the lines of a UTF-8 file that are not blank; `-` is standard input. What is packed by gzip is
 * unpacked, whatever its name. Throws StackTachError when the file cannot be read.
 */
export async function* readNumberedLines(file: string): AsyncGenerator<NumberedLine> {
  // A byte order mark is left out.
  const decoder = new TextDecoder()
  let number = 0
  let open = ''
  for await (const chunk of readBytes(file)) {
    const [first, ...others] = decoder.decode(chunk, { stream: true }).split('\n')
    open += first
    for (const next of others) {
      number++
      if (open.trim() !== '') yield { number, text: withoutReturn(open) }
      open = next
    }
  }
  open += decoder.decode()
  if (open.trim() !== '') yield { number: number + 1, text: withoutReturn(open) }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

async function* readBytes(file: string): AsyncGenerator<Buffer> {
  try {
    const raw: AsyncIterator<Buffer> = (file === '-' ? process.stdin : createReadStream(file))[
      Symbol.asyncIterator
    ]()
    const begin = await firstBytes(raw)
    if (isUtf16(begin)) throw new Error('it is UTF-16; expected UTF-8')
    const all = Readable.from(joined(begin, raw))
    if (!isGzip(begin)) yield* all
    else yield* all.pipe(createGunzip()).on('error', (error) => all.destroy(error))
  } catch (error) {
    throw new StackTachError('config', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
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
