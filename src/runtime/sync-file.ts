import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Resolves when a file, or a folder with its entries, is on disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Resolves when the folder of a file is on disk: only then does a new or moved file survive a crash. */
export function syncFolderOf(path: string): Promise<void> {
  return syncFile(dirname(path))
}
