import { decodeNotification } from '../../distiller/decode-notification.ts'
import { readableTime } from '../../distiller/distiller.ts'
import type { Micros } from '../../domain/time.ts'
import type { ReadFile } from './record.ts'

/** A file to be replayed, and the earliest time near its beginning. */
export type SourceFile = { readonly file: string; readonly firstTime: Micros }

/** So many records at the beginning of a file are looked at: the first may be late, or early by a wrong clock. */
const LOOKED_AT = 16

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
    found.push({ file, firstTime: file === '-' ? 0 : await firstTimeOf(file, read, signal) })
  return found.sort((a, b) => a.firstTime - b.firstTime || (a.file < b.file ? -1 : 1))
}

async function firstTimeOf(file: string, read: ReadFile, signal: AbortSignal): Promise<Micros> {
  let earliest = Number.POSITIVE_INFINITY
  let count = 0
  for await (const records of read(file, signal)) {
    for (const { payload, receivedAt } of records) {
      if (count++ >= LOOKED_AT) break
      const decoded = decodeNotification(payload)
      const time = (decoded.ok ? readableTime(decoded.notification) : undefined) ?? receivedAt
      if (time !== undefined) earliest = Math.min(earliest, time)
    }
    if (count >= LOOKED_AT) break
  }
  return Number.isFinite(earliest) ? earliest : 0
}
