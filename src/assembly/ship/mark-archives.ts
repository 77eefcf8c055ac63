import { dirname } from 'node:path'
import { markFolder, markInStore } from '../../archive/rolling/ship-marks.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Outcome } from '../../ship/agent/file-job.ts'

/** Takes outcomes of passes. */
export type TellOutcome = (outcome: Outcome) => void | Promise<void>

/**
 * Marks folders of complete files of archives as shipped, and returns a function that marks each of their files that is in the store: the
 * archive deletes no other by its age. Rejects with the system's error when a folder that is there cannot be marked.
 */
export async function markArchives(
  folders: readonly string[],
  logger: Logger,
  tell: TellOutcome | undefined,
): Promise<TellOutcome | undefined> {
  if (folders.length === 0) return tell
  for (const folder of folders)
    await markFolder(folder).catch((error) => {
      if (error.code !== 'ENOENT') throw error
      logger.warn({ folder }, 'the archive has no such folder yet')
    })
  return async (outcome) => {
    await tell?.(outcome)
    const { file, result, uploaded, existed, deleted } = outcome
    const isStored = result === 'remembered' || (result === 'done' && (uploaded || existed))
    if (!isStored || deleted || !folders.includes(dirname(file.text))) return
    await markInStore(file.text).catch((error) =>
      logger.warn({ file: file.text }, `cannot be marked as shipped: ${messageOf(error)}`),
    )
  }
}
