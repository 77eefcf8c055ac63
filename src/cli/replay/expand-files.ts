import { glob, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { StackTachError } from '../../domain/errors.ts'

/**
 * Returns the files that are named: files as they are, the files in folders and below, and those that match globs; each
 * once. Files that a consumer still writes to are left out of folders and globs. Throws StackTachError for a name
 * of which there is no file.
 */
export async function expandFiles(names: readonly string[]): Promise<string[]> {
  const found = new Map<string, string>()
  for (const name of names) {
    const files = await filesOf(name)
    if (files.length === 0) throw new StackTachError('config', `${name}: there is no such file`)
    for (const file of files) found.set(file === '-' ? file : resolve(file), file)
  }
  return [...found.values()]
}

async function filesOf(name: string): Promise<string[]> {
  if (name === '-') return [name]
  const entry = await stat(name).catch(() => undefined)
  if (entry && !entry.isDirectory()) return [name]
  const files: string[] = []
  for await (const path of glob(entry ? `${name}/**/*` : name)) {
    if (!IGNORED.test(path) && (await stat(path)).isFile()) files.push(path)
  }
  return files.sort()
}

/** Matches names of files that are being written. */
const IGNORED = /\.part$/
