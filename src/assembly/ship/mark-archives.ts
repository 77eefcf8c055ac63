import { dirname } from 'node:path'
import { removeBeside, removeOrphans } from '../../archive/rolling/beside.ts'
import { markFolder, markInStore } from '../../archive/rolling/ship-marks.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Outcome } from '../../ship/agent/file-job.ts'

/** Takes the outcomes of a pass. */
export type TellOutcome = (outcome: Outcome) => Promise<void>

/**
 * Marks folders of complete files of archives as shipped, and returns a function that marks each of their files that is in the store: the
 * archive deletes no other by its age. What belongs to a file goes with it; here what files of before have left. Rejects with the system's
 * error when a folder that is there cannot be marked.
 */
export async function markArchives(folders: readonly string[], logger: Logger): Promise<TellOutcome> {
  for (const folder of folders) {
    try {
      await markFolder(folder)
      await removeOrphans(folder, () => true)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      logger.warn({ folder }, 'the archive has no such folder yet')
    }
  }
  return async ({ file, result, uploaded, existed, deleted }) => {
    if (!folders.includes(dirname(file.text))) return
    const isStored = result === 'remembered' || (result === 'done' && (uploaded || existed))
    try {
      if (deleted) await removeBeside(file.text)
      else if (isStored) await markInStore(file.text)
    } catch (error) {
      logger.warn({ file: file.text }, `its marks cannot be written: ${messageOf(error)}`)
    }
  }
}
