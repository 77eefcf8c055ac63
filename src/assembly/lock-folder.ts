import { join } from 'node:path'
import { StackTachError } from '../domain/errors.ts'
import { FileLock } from '../runtime/file-lock.ts'

/**
 * Locks a data folder for this process, until the lock is released or the process ends. Throws StackTachError
 * while another process has it: two of them would fire and archive the same streams.
 */
export function lockFolder(folder: string): FileLock {
  const lock = FileLock.take(join(folder, 'lock'))
  if (lock) return lock
  throw new StackTachError(
    'config',
    `${folder} is the data folder of another stv3 up; choose one with --data`,
  )
}
