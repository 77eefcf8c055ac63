import { textOfPath } from '../../ship/log-sets/path-text.ts'
import { compileGlob } from '../../text/glob.ts'
import { sentName } from './source-file.ts'

/** Globs of the names to read and to leave, of the name below the source folder or of its last part. */
export type Patterns = { readonly include: readonly string[]; readonly exclude: readonly string[] }

/** Returns whether a file is to be read by its name below the source folder. */
export type IsWanted = (name: Buffer) => boolean

/**
 * Compiles patterns. Without one to include all names are wanted; one to exclude goes before those to include. A rotated file is
 * included with the one that it was.
 */
export function compilePatterns({ include, exclude }: Patterns): IsWanted {
  const [included, excluded] = [include.map(compileGlob), exclude.map(compileGlob)]
  return (name) => {
    if (matches(excluded, name)) return false
    return included.length === 0 || matches(included, name) || matches(included, sentName(name))
  }
}

function matches(globs: readonly ((text: string) => boolean)[], name: Buffer): boolean {
  const text = textOfPath(name)
  const last = text.slice(text.lastIndexOf('/') + 1)
  return globs.some((glob) => glob(text) || glob(last))
}
