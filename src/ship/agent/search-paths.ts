import { lstatSync, readdirSync } from 'node:fs'
import { HeldFolder } from '../../runtime/held-folder.ts'
import { compileGlob } from '../../text/glob.ts'
import { bytesOfPath, textOfPath } from '../log-sets/path-text.ts'
import type { PlacedSet } from '../log-sets/select-sets.ts'

/**
 * Returns the absolute paths below which the files of a log set lie: its folders and what its pattern matches, below the root
 * of its zone.
 */
export function searchPaths({ set, root }: PlacedSet): string[] {
  const folders = set.searchDirs.map((folder) => `${root}${normal(folder)}`)
  const found = set.searchPattern?.startsWith('/') ? pathsMatching(root, set.searchPattern) : []
  return [...new Set([...folders, ...found])]
}

/** Returns a path without empty parts, `.` and a slash at the end: empty for `/`. */
function normal(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return parts.map((part) => `/${part}`).join('')
}

/**
 * Returns the paths that match a shell pattern below a root. Names that begin with a dot match only what begins with one. No
 * link is followed.
 */
export function pathsMatching(root: string, pattern: string): string[] {
  const parts = pattern.split('/').filter((part) => part !== '')
  let paths = [root]
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1
    paths = paths.flatMap((path) => entriesOf(path, part, isLast).map((name) => `${path}/${name}`))
  }
  return paths
}

function entriesOf(path: string, part: string, isLast: boolean): string[] {
  let folder: HeldFolder | undefined
  try {
    folder = HeldFolder.walk(bytesOfPath(path))
    if (!/[*?[]/.test(part)) {
      lstatSync(folder.at(bytesOfPath(part)))
      return [part]
    }
    const isMatch = compileGlob(part)
    return readdirSync(folder.path, { encoding: 'buffer', withFileTypes: true })
      .filter((entry) => isLast || entry.isDirectory())
      .map(({ name }) => textOfPath(name))
      .filter((name) => (part.startsWith('.') || !name.startsWith('.')) && isMatch(name))
      .sort()
  } catch {
    // What is missing or may not be read has no match.
    return []
  } finally {
    folder?.close()
  }
}
