import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Creates a folder, for its owner only unless another mode is given, together with the missing ones above it. Node's own recursive mkdir
 * never returns where no folder can be created, as below /proc.
 */
export function makeFolder(path: string, mode = 0o700): void {
  if (tryToMake(path, mode)) return
  const above = dirname(path)
  if (above !== path) makeFolder(above, mode)
  mkdirSync(path, { mode })
}

/** Creates a folder that is missing; returns false when the one above it is missing. */
function tryToMake(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    if (code === 'EEXIST' && statSync(path).isDirectory()) return true
    throw error
  }
}
