import { copyFile, link, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFile, syncFolderOf } from '../../runtime/sync-file.ts'
import { copyPath } from './owner.ts'
import { haveSameContent } from './same-content.ts'

export type PlaceOptions = {
  /** whether the file may be there already, since a process that placed it may have died before it knew (false) */
  readonly mayBeThere?: boolean
}

/**
 * Moves a finished file to its place, never over another file; an empty one is removed. Returns the path that the
 * file got, the empty text for an empty one, and undefined when somebody has moved or deleted the file.
 */
export async function placeFile(
  path: string,
  target: string,
  { mayBeThere = false }: PlaceOptions = {},
): Promise<string | undefined> {
  const found = await stat(path).catch((error) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (!found) return undefined
  const isThere = mayBeThere && found.size > 0 && (await haveSameContent(path, target))
  const placed = found.size === 0 ? '' : isThere ? target : await place(path, target)
  await unlink(path)
  await syncFolderOf(target)
  await syncFolderOf(path)
  return placed
}

async function place(path: string, target: string): Promise<string> {
  try {
    return await takeName(target, (name) => link(path, name))
  } catch (error) {
    if (!isLinkRefused(error)) throw error
    return await copyAcross(path, target)
  }
}

/** Takes the name of the target, or the first free one of `.1`, `.2` …, and returns the name. */
async function takeName(target: string, take: (name: string) => Promise<void>): Promise<string> {
  for (let copy = 0; ; copy++) {
    const name = copy === 0 ? target : `${target}.${copy}`
    try {
      await take(name)
      return name
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
  }
}

/** Whether a link failed because of another file system, or of one without links. */
function isLinkRefused(error: unknown): boolean {
  return ['EXDEV', 'EPERM'].includes(codeOf(error) ?? '')
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

/** Copies a file; the copy gets its name only when it is whole. */
async function copyAcross(path: string, target: string): Promise<string> {
  const copying = copyPath(path, dirname(target))
  try {
    await copyFile(path, copying)
    await syncFile(copying)
    try {
      return await takeName(target, (name) => link(copying, name))
    } catch (error) {
      if (!isLinkRefused(error)) throw error
      // An empty file reserves the name until the copy replaces it.
      const name = await takeName(target, async (free) => (await open(free, 'wx', 0o600)).close())
      await rename(copying, name)
      return name
    }
  } finally {
    await unlink(copying).catch(() => {})
  }
}
