import type { ArchiveRecord } from '../../src/archive/archive.ts'
import { createLineFormat, joined } from '../../src/archive/lines/line-format.ts'

/** The line of a record without its end, also of one that is made in pieces; the empty text without a record. */
export function archivedText(record: ArchiveRecord | undefined): string {
  if (record === undefined) return ''
  const parts = createLineFormat().encode(record)
  const line = parts.map((part) => (Buffer.isBuffer(part) ? part : joined(part)).toString()).join('')
  return line.slice(0, -1)
}
