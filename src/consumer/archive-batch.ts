import type { Archive } from '../archive/archive.ts'
import type { Outage } from '../runtime/outage.ts'
import { retry } from '../runtime/retry.ts'
import type { Prepared } from './prepared.ts'

export type ArchiveBatchContext = {
  readonly archive: Archive
  readonly signal: AbortSignal
  readonly outage: Pick<Outage, 'failed' | 'over'>
}

/**
 * Appends the raw messages of a batch to the archive; they are on disk when it resolves to true. Repeats
 * while the archive cannot be written. Resolves to false when `signal` aborts first.
 */
export async function archiveBatch(
  batch: readonly Prepared[],
  { archive, signal, outage }: ArchiveBatchContext,
): Promise<boolean> {
  const records = batch.flatMap(({ record }) => record ?? [])
  const waits = { initialMs: 100, maxMs: 10_000 }
  try {
    await retry(() => archive.append(records), { waits, signal, outage, isTransient: () => true })
    return true
  } catch {
    return false
  }
}
