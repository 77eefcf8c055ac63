import { glob, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { NotFoundError } from '../../domain/errors.ts'

/** Whether a path has characters of a glob. */
const GLOB = /[*?[\]{}]/

/**
 * Finds the files that paths name: files themselves, all files of folders and of those in them, and what globs
 * match; each once, those of a folder or a glob in the order of their names. Hidden files are left out. Rejects with
 * NotFoundError where there is none.
 *
 * @example
 * await findFiles(['/var/archive/done', 'old/*.events'])
 */
export async function findFiles(paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>()
  for (const path of paths) {
    const before = found.size
    for await (const file of filesOf(path)) found.add(file)
    if (found.size === before && !(await isFile(path)))
      throw new NotFoundError(`${path}: there is no such file`)
  }
  return [...found]
}

async function* filesOf(path: string): AsyncGenerator<string> {
  const state = await stat(path).catch(() => undefined)
  if (state?.isDirectory()) yield* filesIn(path)
  else if (state) yield path
  else if (GLOB.test(path)) {
    const matches: string[] = []
    for await (const match of glob(path)) matches.push(match)
    for (const match of matches.sort()) yield* filesOf(match)
  }
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true })
  const sorted = entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of sorted) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesIn(path)
    else if (entry.isFile()) yield path
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (state) => state.isFile(),
    () => false,
  )
}

/** Whether a consumer is still writing to a file, or copying it. */
export function isUnfinished(path: string): boolean {
  return path.endsWith('.part') || path.endsWith('.copying')
}
