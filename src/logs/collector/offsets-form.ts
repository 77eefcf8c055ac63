import { JsonExtent } from '../../text/json-extent.ts'

/** The offset of a file by its inode, as the file of offsets has it. */
export type OffsetEntry = { readonly inode: bigint; readonly offset: bigint }

const MOST_UNSIGNED = 2n ** 64n - 1n
const MOST_SIGNED = 2n ** 63n - 1n

/** Returns the text of a file of offsets as thunder writes it. */
export function offsetsText(entries: Iterable<OffsetEntry>): string {
  return `[${[...entries].map(({ inode, offset }) => `{"Ino":${inode},"Off":${offset}}`).join(',')}]\n`
}

/**
 * Parses the text of a file of offsets as Go does for thunder: members in any case, unknown ones are left out, a missing one
 * is 0, and what follows the list is not read. Returns undefined for any other text.
 */
export function parseOffsets(text: string): OffsetEntry[] | undefined {
  const list = firstValue(text)
  if (list === null) return []
  if (!Array.isArray(list)) return undefined
  const entries: OffsetEntry[] = []
  for (const value of list) {
    const entry = entryOf(value)
    if (!entry) return undefined
    entries.push(entry)
  }
  return entries
}

function entryOf(value: unknown): OffsetEntry | undefined {
  if (value === null) return { inode: 0n, offset: 0n }
  if (!Array.isArray(value) && !(value instanceof NumberText) && typeof value === 'object') {
    let [inode, offset] = [0n, 0n]
    for (const [name, member] of Object.entries(value)) {
      const lower = name.toLowerCase()
      if ((lower !== 'ino' && lower !== 'off') || member === null) continue
      const number =
        lower === 'ino'
          ? integerOf(member, 0n, MOST_UNSIGNED)
          : integerOf(member, -MOST_SIGNED - 1n, MOST_SIGNED)
      if (number === undefined) return undefined
      if (lower === 'ino') inode = number
      else offset = number
    }
    return { inode, offset }
  }
  return undefined
}

function integerOf(value: unknown, least: bigint, most: bigint): bigint | undefined {
  if (!(value instanceof NumberText) || !/^-?\d+$/.test(value.text)) return undefined
  const number = BigInt(value.text)
  return number >= least && number <= most ? number : undefined
}

/** A number of JSON as it stands in the text: inodes may have more digits than a double keeps. */
class NumberText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

/** Returns the JSON value with which a text begins; undefined where it begins with none. */
function firstValue(text: string): unknown {
  const keepDigits: Reviver = (_, value, { source }) =>
    typeof value === 'number' ? new NumberText(source as string) : value
  const parse = (part: string) => JSON.parse(part, keepDigits as (key: string, value: unknown) => unknown)
  try {
    return parse(text)
  } catch {
    const end = endOfList(text)
    try {
      return end === undefined ? undefined : parse(text.slice(0, end))
    } catch {
      return undefined
    }
  }
}

/** Returns the index behind the list, or the null, with which a text begins; undefined where it begins otherwise. */
function endOfList(text: string): number | undefined {
  const begin = /^[\t\n\r ]*(null)?/.exec(text)
  if (begin?.[1]) return begin[0].length
  const at = begin?.[0].length ?? 0
  if (text[at] !== '[') return undefined
  return at + new JsonExtent().read(text.slice(at))
}
