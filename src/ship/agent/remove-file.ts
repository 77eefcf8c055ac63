import { createHash, randomUUID } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, lstat, unlink } from 'node:fs/promises'
import { HeldFolder } from '../../runtime/held-folder.ts'
import { readPieces } from '../../runtime/read-pieces.ts'
import type { Entry, Journal } from '../journal.ts'
import { moveAside, openAside, putBack } from './aside.ts'
import { isMoved, isUnchanged } from './identity.ts'
import { openFile, splitPath } from './open-file.ts'

/** `changed`: it is not the file any more that was decided about, and is kept. */
export type Removal = 'deleted' | 'changed' | 'vanished'

export type Removable = {
  readonly path: Buffer
  /** what the file was when it was decided to delete it */
  readonly stats: BigIntStats
  /** the content that the store has; undefined where nothing is stored of it */
  readonly sha256: string | undefined
  /** the entries that are through with it */
  readonly entries: readonly Entry[]
}

/**
 * Deletes a file if it is still the one that was verified. It is moved into a private folder first, where nobody else can reach it by
 * name; then its content and times are compared once more. Whatever has changed is put back. The journal has on disk what is
 * under way before each step. Rejects with the system's error; the file is then where it was, or aside until the next start.
 */
export async function removeFile(file: Removable, journal: Journal): Promise<Removal> {
  const { folder: parent, name } = splitPath(file.path)
  const folder = HeldFolder.walk(parent)
  try {
    const handle = await openFile(folder, name).catch(gone)
    if (!handle) return 'vanished'
    try {
      if (!isUnchanged(await handle.stat({ bigint: true }), file.stats)) return 'changed'
      return await removeHeld(file, name, folder, handle, journal)
    } finally {
      await handle.close()
    }
  } finally {
    folder.close()
  }
}

async function removeHeld(
  file: Removable,
  name: Buffer,
  folder: HeldFolder,
  handle: FileHandle,
  journal: Journal,
): Promise<Removal> {
  const aside = await openAside(folder)
  try {
    const to = Buffer.from(randomUUID())
    journal.leave({ path: file.path, aside: to })
    const isThere = await moveAside(folder, name, aside, to).then(() => true, gone)
    if (!isThere) {
      journal.left(file.path)
      return 'vanished'
    }
    await folder.sync()
    if (await isSame(file, aside.at(to), handle)) {
      await unlink(aside.at(to))
      await aside.sync()
      journal.left(file.path, file.entries)
      return 'deleted'
    }
    await putBack(folder, aside, to, name)
    journal.left(file.path)
    return 'changed'
  } finally {
    aside.close()
  }
}

/**
 * Returns whether the file that was moved is the one that is held open, with the content that the store has. Moving sets
 * ctime: between the move and the end of reading it must not change again.
 */
async function isSame({ stats, sha256 }: Removable, path: Buffer, handle: FileHandle): Promise<boolean> {
  const moved = await lstat(path, { bigint: true })
  if (!isMoved(moved, stats)) return false
  if (sha256 !== undefined && (await sha256Of(handle, moved)) !== sha256) return false
  return isUnchanged(await handle.stat({ bigint: true }), moved)
}

async function sha256Of(handle: FileHandle, { size }: BigIntStats): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of readPieces(handle, Number(size) + 1)) hash.update(piece)
  return hash.digest('hex')
}

function gone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
