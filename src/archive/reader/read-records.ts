import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { PACKERS } from '../compression.ts'
import type { OnDamage, ReadRecord, RecordParser } from '../format.ts'
import { LineParser } from '../lines/line-parser.ts'
import { ShoeboxParser } from '../shoebox/shoebox-parser.ts'
import { type FileKind, fileKindOf } from './file-kind.ts'

/** A part of a file that can be read by itself: where it stands on disk, and in the unpacked file. */
export type FilePart = { readonly at: number; readonly length: number; readonly plainAt: number }

export type ReadOptions = {
  /** the form of the file, where it is known */
  readonly kind?: FileKind
  /** called for bytes that are no record */
  readonly onDamage?: OnDamage
  /** called with the unpacked bytes as they are read */
  readonly onBytes?: (bytes: Buffer) => void
  /** called with how many bytes of the file on disk have been read so far; not where only parts are read */
  readonly onProgress?: (bytesRead: number) => void
  /** only these parts, in order, are read */
  readonly parts?: readonly FilePart[]
  readonly signal?: AbortSignal
}

const CHUNK_BYTES = 1 << 20

/**
 * Yields the records of a file of the archive, in order and some at a time: lines or binary, packed or not.
 * Throws StackTachError when the file cannot be read or unpacked to its end.
 *
 * @example
 * for await (const records of readRecords('notifications.json.gz'))
 *   for (const { payload } of records) console.log(String(payload))
 */
export async function* readRecords(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<readonly ReadRecord[]> {
  const kind = options.kind ?? (await fileKindOf(path))
  try {
    if (options.parts) yield* recordsOfParts(path, kind, options.parts, options)
    else yield* recordsOf(plainBytes(path, kind, options), parserOf(kind, options), options)
  } catch (error) {
    if (options.signal?.aborted) return
    if (error instanceof StackTachError) throw error
    throw new StackTachError('config', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/** Creates a parser of files of this form. `at` is the number of bytes before those that it gets. */
export function parserOf(
  { form }: Pick<FileKind, 'form'>,
  { onDamage = () => {} }: Pick<ReadOptions, 'onDamage'>,
  at = 0,
): RecordParser {
  return form === 'shoebox' ? new ShoeboxParser(onDamage, at) : new LineParser(at)
}

async function* recordsOf(
  chunks: AsyncIterable<Buffer>,
  parser: RecordParser,
  { onBytes }: ReadOptions,
): AsyncGenerator<readonly ReadRecord[]> {
  for await (const bytes of chunks) {
    onBytes?.(bytes)
    const records = parser.push(bytes)
    if (records.length > 0) yield records
  }
  const last = parser.end()
  if (last.length > 0) yield last
}

/** Yields the unpacked bytes of a file. */
export async function* plainBytes(
  path: string,
  { compression }: Pick<FileKind, 'compression'>,
  { signal, onProgress }: Pick<ReadOptions, 'signal' | 'onProgress'> = {},
): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  const input =
    compression === 'none'
      ? file
      : // An error of either ends both, and is thrown by the loop.
        pipeline(file, PACKERS[compression].createUnpacking(CHUNK_BYTES), () => {})
  const stop = () => input.destroy()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    for await (const bytes of input) {
      onProgress?.(file.bytesRead)
      yield bytes as Buffer
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    file.destroy()
  }
}

async function* recordsOfParts(
  path: string,
  kind: FileKind,
  parts: readonly FilePart[],
  options: ReadOptions,
): AsyncGenerator<readonly ReadRecord[]> {
  const handle = await open(path)
  try {
    for (const { at, length, plainAt } of parts) {
      if (options.signal?.aborted) return
      const bytes = Buffer.alloc(length)
      const { bytesRead } = await handle.read(bytes, 0, length, at)
      const packed = bytes.subarray(0, bytesRead)
      const plain = kind.compression === 'none' ? packed : await PACKERS[kind.compression].unpack(packed)
      const parser = parserOf(kind, options, plainAt)
      yield [...parser.push(plain), ...parser.end()]
    }
  } finally {
    await handle.close()
  }
}
