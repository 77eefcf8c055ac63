import { isUtf8 } from 'node:buffer'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { contentsForm, type VectorFolder } from './log-vectors.ts'

/** Returns the path of a name, which need not be UTF-8, in a folder. */
export function inFolder(folder: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), name])
}

/** Returns a name as vectors write it. */
export function nameForm(name: Buffer): string {
  return isUtf8(name) ? name.toString() : `b64:${name.toString('base64')}`
}

/** Returns the files and folders of a folder in the form of vectors; long contents by their hash where `like` has them so. */
export function folderForm(
  folder: string,
  like: VectorFolder = {},
  prefix = '',
): { [name: string]: unknown } {
  const found: { [name: string]: unknown } = {}
  for (const name of readdirSync(join(folder, prefix), { encoding: 'buffer' })) {
    const shown = `${prefix}${nameForm(name)}`
    const path = inFolder(join(folder, prefix), name)
    // Links are not listed.
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats?.isDirectory()) {
      found[`${shown}/`] = { dir: true }
      Object.assign(found, folderForm(folder, like, `${shown}/`))
    } else if (stats?.isFile()) found[shown] = contentsForm(readFileSync(path), like[shown])
  }
  return found
}
