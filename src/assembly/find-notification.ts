import { stat } from 'node:fs/promises'
import { type FileIndex, readIndex } from '../archive/file-index/file-index.ts'
import { isFindable } from '../archive/file-index/id-filter.ts'
import { findFiles } from '../archive/reader/find-files.ts'
import { publishedBody } from '../archive/reader/published-body.ts'
import { selectByIndex } from '../archive/reader/select-records.ts'
import type { Config } from '../config/load/config.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'

/** Most bytes of files without an index, which have to be read whole, for one notification. */
const MOST_BYTES = 256 << 20
/** Timestamps of notifications are read as events have them, but for fractions that are cut off. */
const NEAR_US = 1_000_000

/**
 * Finds the notification of an event in the archives of a configuration, the files that are being written included; files
 * with an index first, the newest name first. Resolves to undefined where it is not found, or not without reading more than 256 MB.
 */
export async function findNotification(
  { yagi }: Config,
  { messageId, timestamp }: Pick<StoredEvent, 'messageId' | 'timestamp'>,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const filter = {
    ...{ from: timestamp - NEAR_US, to: timestamp + NEAR_US, texts: [messageId].filter(isFindable) },
    accepts: (one: { readonly message_id: string }) => one.message_id === messageId,
  }
  const find = async (path: string, index: FileIndex | undefined) => {
    for await (const [record] of selectByIndex(path, index, filter, { onDamage: () => {} })) {
      signal.throwIfAborted()
      if (record) return publishedBody(record.payload)
    }
    return undefined
  }
  const withoutIndex: string[] = []
  for (const path of await archiveFiles(yagi?.queues ?? [])) {
    signal.throwIfAborted()
    const index = await readIndex(path)
    const found = index && (await find(path, index))
    if (found) return found
    if (!index) withoutIndex.push(path)
  }
  let left = MOST_BYTES
  for (const path of withoutIndex) {
    signal.throwIfAborted()
    const state = await stat(path).catch(() => undefined)
    // Packed or deleted since the folder was read.
    if (!state) continue
    left -= state.size
    if (left < 0) return undefined
    const found = await find(path, undefined)
    if (found) return found
  }
  return undefined
}

/** Returns the files of archives, the newest name first. */
async function archiveFiles(
  queues: readonly {
    readonly archive?: { workingDirectory: string; destinationFolder: string } | undefined
  }[],
): Promise<readonly string[]> {
  const folders = new Set(
    queues.flatMap(({ archive }) => (archive ? [archive.workingDirectory, archive.destinationFolder] : [])),
  )
  const paths = new Set<string>()
  for (const folder of folders) {
    const found = await findFiles([folder]).catch((error) => {
      if (error instanceof NotFoundError) return []
      throw error
    })
    for (const path of found) paths.add(path)
  }
  return [...paths].sort().reverse()
}
