import { stat } from 'node:fs/promises'
import { readIndex } from '../archive/file-index/file-index.ts'
import { findFiles } from '../archive/reader/find-files.ts'
import { publishedBody } from '../archive/reader/published-body.ts'
import { selectRecords } from '../archive/reader/select-records.ts'
import type { Config } from '../config/load/config.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'

/** Most bytes of files without an index, which have to be read whole, for one notification. */
const MOST_BYTES = 256 << 20
/** Timestamps of notifications are read as events have them, but for fractions that are cut off. */
const NEAR_US = 1_000_000

/**
 * Finds the notification of an event in the archives of a configuration, the files that are being written included; files
 * with an index first. Resolves to undefined where it is not found, or not without reading more than 256 MB.
 */
export async function findNotification(
  { yagi }: Config,
  { messageId, timestamp }: Pick<StoredEvent, 'messageId' | 'timestamp'>,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const filter = {
    ...{ from: timestamp - NEAR_US, to: timestamp + NEAR_US, texts: [messageId] },
    accepts: (one: { readonly message_id: string }) => one.message_id === messageId,
  }
  let left = MOST_BYTES
  for (const { path, hasIndex, bytes } of await candidates(yagi?.queues ?? [])) {
    signal.throwIfAborted()
    if (!hasIndex) left -= bytes
    if (left < 0) return undefined
    for await (const [record] of selectRecords(path, filter, { onDamage: () => {} })) {
      signal.throwIfAborted()
      if (record) return publishedBody(record.payload)
    }
  }
  return undefined
}

type Candidate = { readonly path: string; readonly hasIndex: boolean; readonly bytes: number }

/** Returns the files of archives: those with an index first, then the others, the newest name first. */
async function candidates(
  queues: readonly {
    readonly archive?: { workingDirectory: string; destinationFolder: string } | undefined
  }[],
): Promise<readonly Candidate[]> {
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
  const files: Candidate[] = []
  for (const path of [...paths].sort().reverse()) {
    const state = await stat(path).catch(() => undefined)
    if (state) files.push({ path, bytes: state.size, hasIndex: (await readIndex(path)) !== undefined })
  }
  return [...files.filter(({ hasIndex }) => hasIndex), ...files.filter(({ hasIndex }) => !hasIndex)]
}
