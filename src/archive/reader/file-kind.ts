import { createReadStream } from 'node:fs'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { type Compression, compressionOf, PACKERS } from '../compression.ts'
import { MAGIC } from '../shoebox/layout.ts'

/** The form of a file of the archive. */
export type FileKind = {
  readonly form: 'lines' | 'shoebox'
  readonly compression: Compression
}

/** Bytes that are looked at to find out the form, packed and unpacked. */
const LOOKED_AT = 64 * 1024

/**
 * Finds out the form of a file by its first bytes. A file that is no binary one is taken for lines. Rejects with
 * StackTachError when the file cannot be read.
 */
export async function fileKindOf(path: string): Promise<FileKind> {
  try {
    const begin = await firstBytes(path)
    const compression = compressionOf(begin)
    const plain = compression === 'none' ? begin : await unpackedBegin(begin, compression)
    const isShoebox = plain.subarray(0, MAGIC.length).equals(MAGIC)
    return { form: isShoebox ? 'shoebox' : 'lines', compression }
  } catch (error) {
    throw new StackTachError('config', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

async function firstBytes(path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of createReadStream(path, { end: LOOKED_AT - 1 })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Returns the first unpacked bytes; none where they cannot be unpacked. */
function unpackedBegin(begin: Buffer, compression: Exclude<Compression, 'none'>): Promise<Buffer> {
  const unpacking = PACKERS[compression].createUnpacking(MAGIC.length * 16)
  return new Promise((resolve) => {
    const end = (bytes: Buffer) => {
      resolve(bytes)
      unpacking.destroy()
    }
    unpacking.once('data', end)
    unpacking.once('end', () => end(Buffer.alloc(0)))
    unpacking.once('error', () => end(Buffer.alloc(0)))
    unpacking.end(begin)
  })
}
