import type { ArchiveRecord } from '../../src/archive/archive.ts'

/** Records with these texts as bodies. */
export function records(...texts: readonly string[]): ArchiveRecord[] {
  return texts.map((text) => ({ body: Buffer.from(text), isJson: true }))
}
