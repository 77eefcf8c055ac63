import { stat } from 'node:fs/promises'
import { formatIso } from '../../domain/time.ts'
import { readIndex } from '../file-index/file-index.ts'
import { type FileFacts, factsByIndex } from './file-facts.ts'
import { fileKindOf } from './file-kind.ts'
import { isUnfinished } from './find-files.ts'

/** What is known of a file, as `stv3 archive ls --json` and the API show it. */
export function shownFacts(facts: FileFacts): object {
  const { plainBytes, first, last, unread, isFromIndex, isUnfinished: isBeingWritten, ...others } = facts
  const time = (at: number | null) => (at === null ? null : formatIso(at))
  return {
    ...others,
    content_bytes: plainBytes,
    first: time(first),
    last: time(last),
    without_time: unread,
    from_index: isFromIndex,
    being_written: isBeingWritten,
  }
}

/**
 * Returns what is known of a file without reading it to its end: all where it has an index, else only its form and
 * size. Undefined where the file is gone.
 */
export async function quickFacts(file: string): Promise<object | undefined> {
  try {
    const index = await readIndex(file)
    if (index) return shownFacts(await factsByIndex(file, index))
    const { size: bytes } = await stat(file)
    return { file, ...(await fileKindOf(file)), bytes, from_index: false, being_written: isUnfinished(file) }
  } catch (error) {
    // Packed or deleted since the folder was read.
    if (!(await stat(file).catch(() => undefined))) return undefined
    throw error
  }
}
