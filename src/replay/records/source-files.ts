import { stat } from 'node:fs/promises'
import { timeOfBody } from '../../distiller/time-of-body.ts'
import { bytesHash128 } from '../../domain/hash.ts'
import type { Micros } from '../../domain/time.ts'
import type { ReadFile } from './record.ts'

/** A file to be replayed. */
export type SourceFile = {
  readonly file: string
  /** the earliest time near its beginning; 0 where there is none */
  readonly firstTime: Micros
  /** hashes of its first records: they stay when it is renamed, packed or written to */
  readonly begin: readonly string[]
  /** bytes on disk */
  readonly size: number
}

/** So many records at the beginning of a file are looked at: the first may be late, or early by a wrong clock. */
const LOOKED_AT = 16
/** So many of them say which file it is. */
const HASHED = 4

/**
 * Puts files into the order of their first times. Reads the beginning of each. Files without a time among their first
 * records, and standard input, come first.
 */
export async function orderedFiles(
  files: readonly string[],
  read: ReadFile,
  signal: AbortSignal,
): Promise<SourceFile[]> {
  const found: SourceFile[] = []
  for (const file of files)
    found.push(file === '-' ? { file, firstTime: 0, begin: [], size: 0 } : await lookAt(file, read, signal))
  return found.sort((a, b) => a.firstTime - b.firstTime || (a.file < b.file ? -1 : 1))
}

async function lookAt(file: string, read: ReadFile, signal: AbortSignal): Promise<SourceFile> {
  const { size } = await stat(file)
  const begin: string[] = []
  let earliest = Number.POSITIVE_INFINITY
  let count = 0
  for await (const records of read(file, signal)) {
    for (const { payload, receivedAt } of records) {
      if (count++ >= LOOKED_AT) break
      if (begin.length < HASHED) begin.push(bytesHash128(payload))
      const time = timeOfBody(payload) ?? receivedAt
      if (time !== undefined) earliest = Math.min(earliest, time)
    }
    if (count >= LOOKED_AT) break
  }
  return { file, firstTime: Number.isFinite(earliest) ? earliest : 0, begin, size }
}
