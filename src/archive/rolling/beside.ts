import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { indexPath } from '../file-index/file-index.ts'
import { inStorePath } from './ship-marks.ts'
import { shippedPath } from './shipped.ts'

/** Names of what lies beside a file: its index and its marks. */
const BESIDE = /^\.(.+)\.(?:index|shipped|in-store)$/

/** Removes the index and the marks of a file that was deleted. */
export async function removeBeside(file: string): Promise<void> {
  const beside = [indexPath(file), shippedPath(file), inStorePath(file)]
  await Promise.all(beside.map((path) => rm(path, { force: true })))
}

/** Removes the indexes and marks in a folder whose file is gone. `isOwn` says which names of files are of the archive. */
export async function removeOrphans(folder: string, isOwn: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = BESIDE.exec(name)?.[1]
    if (file !== undefined && isOwn(file) && !existsSync(join(folder, file)))
      await rm(join(folder, name), { force: true })
  }
}
