import { type ArchiveLine, joined } from '../../src/archive/archive.ts'

/** The text of an archived line, also of one that is made in pieces. */
export function archivedText(line: ArchiveLine | undefined): string {
  if (line === undefined) return ''
  if (typeof line === 'string' || Buffer.isBuffer(line)) return String(line)
  return joined(line).toString()
}
