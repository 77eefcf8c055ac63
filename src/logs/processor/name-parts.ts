import { partsOf } from '../../runtime/held-folder.ts'

const MOST_PART_BYTES = 255
const MOST_BYTES = 3500
const SLASH = 0x2f
const UP = Buffer.from('..')

/** The names of folders, and of a file, below the target folder; or why there are none. */
export type NameParts = { readonly parts: readonly Buffer[] } | { readonly refusal: string }

/**
 * Returns where the name of a message leads below the target folder. The name is cleaned as text, as thunder does: `.`, `..` and
 * `//` are folded, and a name that begins with a slash stays inside. One that leads out is refused.
 *
 * @example
 * nameParts(Buffer.from('a/../b.log')) // { parts: [<b.log>] }
 * nameParts(Buffer.from('../b.log')) // { refusal: 'its name leads out of the target folder' }
 */
export function nameParts(name: Buffer): NameParts {
  if (name.includes(0)) return { refusal: 'its name holds a zero byte' }
  const isRooted = name[0] === SLASH
  const parts: Buffer[] = []
  for (const part of partsOf(name)) {
    if (!part.equals(UP)) parts.push(part)
    else if (parts.length > 0) parts.pop()
    else if (!isRooted) return { refusal: 'its name leads out of the target folder' }
  }
  if (parts.length === 0) return { refusal: 'its name is empty' }
  if (parts.some(({ length }) => length > MOST_PART_BYTES) || name.length > MOST_BYTES)
    return { refusal: `its name is too long; expected at most ${MOST_PART_BYTES} bytes between slashes` }
  return { parts }
}
