import { afterPrefix } from './blanks.ts'
import { endOfQuoted, endOfStructure, type Quote, quoteAt } from './quoted-text.ts'
import { isOpenValue, MASK } from './secret-names.ts'
import { characterSet, endOfRun, type Part } from './text-parts.ts'

const BARE = characterSet(/[^\s,}\])"'\\]/)

/** Returns the part from `start` to `end` with a mask in its place. */
export function hidden(start: number, end: number): Part {
  return { start, end, text: MASK }
}

/**
 * Returns whether a value says nothing: whether there is a secret, an amount, or what has been masked before.
 */
export function isNothing(text: string, start: number, end: number, name: string): boolean {
  if (end - start > 64) return false
  const value = text.slice(start, end)
  return /^(?:true|false|null|none|nan|yes|no|\*\*\*|)$/i.test(value) || isOpenValue(name, value)
}

/** Returns the part of the quoted value behind an opening quote; undefined for one that says nothing. */
export function quotedValue(text: string, opening: Quote, name: string): Part | undefined {
  const triple = inTripleQuotes(text, opening)
  if (triple) return triple
  const end = endOfQuoted(text, opening)
  return isNothing(text, opening.end, end, name) ? undefined : hidden(opening.end, end)
}

/** Returns the part of a value behind three quotes: of Python, TOML or Groovy. */
function inTripleQuotes(text: string, { character, escapes, end }: Quote): Part | undefined {
  const mark = '\\'.repeat(escapes) + character
  if (!text.startsWith(mark + mark, end)) return undefined
  const start = end + 2 * mark.length
  const close = text.indexOf(mark.repeat(3), start)
  return hidden(start, close < 0 ? text.length : close)
}

/** Returns the part of the value at an index in JSON or Python. `quote` is that of its name. */
export function valueAt(
  text: string,
  from: number,
  name: string,
  { escapes, character: mark }: Quote,
): Part | undefined {
  const at = afterPrefix(text, from)
  const opening = quoteAt(text, at)
  if (opening) return quotedValue(text, opening, name)
  const quote = '\\'.repeat(escapes) + mark
  const masked = `${quote}${MASK}${quote}`
  if ('{[('.includes(text[at] ?? '-'))
    return { start: at, end: endOfStructure(text, at, escapes), text: masked }
  const end = endOfRun(text, at, BARE, 1)
  return isNothing(text, at, end, name) ? undefined : { start: at, end, text: masked }
}

/** Returns the index behind the value at an index in JSON or Python. */
export function endOfValueAt(text: string, from: number, escapes: number): number {
  const at = afterPrefix(text, from)
  const opening = quoteAt(text, at)
  if (opening) {
    const end = endOfQuoted(text, opening)
    return quoteAt(text, end)?.end ?? end
  }
  return '{[('.includes(text[at] ?? '-') ? endOfStructure(text, at, escapes) : endOfRun(text, at, BARE, 1)
}
