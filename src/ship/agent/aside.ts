import { link, lstat, mkdir, rename, rmdir, unlink } from 'node:fs/promises'
import { StackTachError } from '../../domain/errors.ts'
import { HeldFolder } from '../../runtime/held-folder.ts'
import { ASIDE } from './find-files.ts'
import { splitPath } from './open-file.ts'

/** Most files of one name that could not be put back under it. */
const MOST_KEPT = 1000

/** Opens the private folder beside files of a folder, and makes it where it is missing. */
export async function openAside(folder: HeldFolder): Promise<HeldFolder> {
  await mkdir(folder.at(ASIDE), { mode: 0o700 }).catch(ignore('EEXIST'))
  const aside = folder.child(ASIDE)
  if (aside.isPrivate) return aside
  aside.close()
  throw new StackTachError('io', `${ASIDE} beside it is not a folder of this user alone`)
}

/**
 * Puts a file back from the private folder under its name; beside a new file of that name when there is one. Resolves to the name it has
 * now, undefined when it was not there.
 */
export async function putBack(
  folder: HeldFolder,
  aside: HeldFolder,
  from: Buffer,
  name: Buffer,
): Promise<Buffer | undefined> {
  const isThere = await lstat(aside.at(from)).then(() => true, ignore('ENOENT'))
  if (!isThere) return undefined
  for (let count = 0; count <= MOST_KEPT; count++) {
    const to = count === 0 ? name : Buffer.concat([name, Buffer.from(`.kept-${count}`)])
    const isFree = await link(aside.at(from), folder.at(to)).then(() => true, ignore('EEXIST'))
    if (!isFree) continue
    await unlink(aside.at(from))
    await folder.sync()
    return to
  }
  throw new StackTachError('io', `it cannot be put back: there are ${MOST_KEPT} files of its name`)
}

/** Puts back what a process that has ended had moved aside. Resolves to the name it has now, undefined when it is deleted. */
export async function recover(path: Buffer, from: Buffer): Promise<Buffer | undefined> {
  const { folder: parent, name } = splitPath(path)
  const folder = HeldFolder.walk(parent)
  try {
    const aside = folder.child(ASIDE)
    try {
      return await putBack(folder, aside, from, name)
    } finally {
      aside.close()
      await removeAside(folder)
    }
  } finally {
    folder.close()
  }
}

/** Removes the private folder of a folder when it is empty. */
export async function removeAside(folder: HeldFolder): Promise<void> {
  await rmdir(folder.at(ASIDE)).catch(ignore('ENOENT', 'ENOTEMPTY', 'EEXIST'))
}

/** Moves a file into the private folder. */
export function moveAside(folder: HeldFolder, name: Buffer, aside: HeldFolder, to: Buffer): Promise<void> {
  return rename(folder.at(name), aside.at(to))
}

/** Returns a handler that takes errors of these codes for `false`, and throws others. */
function ignore(...codes: readonly string[]): (error: NodeJS.ErrnoException) => false {
  return (error) => {
    if (codes.includes(error.code ?? '')) return false
    throw error
  }
}
