import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** File in a folder of complete files that says that `stv3 ship` ships them. */
const SHIPS = '.stv3-ships'

/** Notes that the complete files of a folder are shipped: from now on none is deleted before its own mark. */
export async function markFolder(folder: string): Promise<void> {
  await writeFile(join(folder, SHIPS), '', { mode: 0o600 })
}

/** Notes that a file is in the store. */
export async function markInStore(file: string): Promise<void> {
  if (existsSync(file)) await writeFile(inStorePath(file), '', { mode: 0o600 })
}

/** Returns whether a file may not be deleted yet, since it is to be shipped and is not. */
export function awaitsShipping(file: string): boolean {
  return existsSync(join(dirname(file), SHIPS)) && !existsSync(inStorePath(file))
}

/** Returns where it is noted that a file is in the store: `.NAME.in-store` beside it. */
export function inStorePath(file: string): string {
  return join(dirname(file), `.${basename(file)}.in-store`)
}
