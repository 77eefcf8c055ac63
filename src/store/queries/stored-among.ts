import { hash128 } from '../../domain/hash.ts'
import { wellFormed } from '../../text/well-formed.ts'
import { existingHashes } from '../intake/insert-events.ts'
import type { Executor } from '../schema/schema.ts'

/** Returns those of message ids whose events are stored, byte for byte. */
export async function storedAmong(db: Executor, messageIds: readonly string[]): Promise<Set<string>> {
  if (messageIds.length === 0) return new Set()
  const hashes = new Map(messageIds.map((id) => [id, hash128(wellFormed(id))]))
  const stored = new Set(await existingHashes(db, [...new Set(hashes.values())]))
  return new Set(messageIds.filter((id) => stored.has(hashes.get(id) as string)))
}
