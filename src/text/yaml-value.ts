import { endOfQuoted, isClosing, quoteAt } from './quoted-text.ts'
import { characterSet, endOfRun, type Part } from './text-parts.ts'
import { hidden } from './value-parts.ts'

const BLANKS = characterSet(/[ \t]/)
const PLAIN_LINE = characterSet(/[^\n\r]/)
const IN_ESCAPED_LINE = characterSet(/[^\n\r"'\\]/)
const VALUE = characterSet(/[^\s"'\\]/)

/** Tag and anchor before a value: `!!str &main`. */
const PROPERTIES =
  /(?:(?:!<[^\s"'\\<>]{1,128}>|![^\s"'\\,[\]{}<]{0,128}|&[\w-]{1,64})(?:[ \t]{1,64}|(?=\r?\n|\\+[rn]|$))){1,2}/y
/** The sign of a block scalar, and a comment, before the end of a line. */
const HEADER = /([|>][-+\d]{0,3})?(?:[ \t]{0,64}(?:(?<=\s)#[^\n\r\\"']{0,256})?)(?=\r?\n|\\+[rn])/y
const LINE_BREAK = /\r?\n|(?:\\{1,15}r)?(\\{1,15})n/y
/** An item of a list, or a member of a mapping. */
const COLLECTION = /-(?=[ \t\r\n]|\\+[rn])|\w[\w .-]{0,64}:(?=[ \t\r\n]|\\+[rn])/y
const ITEM = /-(?=[ \t\r\n]|\\+[rn])/y

/** No name stands further from the beginning of its line. */
const MOST_BLANKS = 128

/** Where a name begins, with its quote, and the index of the colon behind it. */
type Name = { readonly start: number; readonly colon: number; readonly isQuoted: boolean }

/**
 * Finds what YAML has for a name beyond a value on its line: a block scalar, a list or mapping that is
 * indented below it, or a value behind a tag or an anchor. Line breaks may be escaped, as in JSON.
 */
export function yamlValue(text: string, name: Name): Part | undefined {
  const from = endOfRun(text, name.colon + 1, BLANKS)
  const properties = matchAt(PROPERTIES, text, from)?.[0].length ?? 0
  const at = from + properties
  const header = matchAt(HEADER, text, at)
  if (header) {
    const block = blockAt(text, at + header[0].length, name, header[1] !== undefined)
    if (block) return properties > 0 ? { ...block, start: from } : block
  }
  if (properties === 0 || name.isQuoted || from === name.colon + 1) return undefined
  const opening = quoteAt(text, at)
  if (opening && !isClosing(text, opening.end)) {
    const end = endOfQuoted(text, opening)
    return hidden(from, quoteAt(text, end)?.end ?? end)
  }
  return hidden(from, Math.max(endOfRun(text, at, VALUE, 1), from + text.slice(from, at).trimEnd().length))
}

/** Returns the lines below a name that belong to it. Reads no further than the first that does not. */
function blockAt(text: string, from: number, name: Name, isScalar: boolean): Part | undefined {
  const column = columnOf(text, name.start)
  let least = column === undefined ? 1 : column + 1
  let start = -1
  let end = from
  for (let found = matchAt(LINE_BREAK, text, end); found; found = matchAt(LINE_BREAK, text, end)) {
    const begin = end + found[0].length
    const content = endOfRun(text, begin, BLANKS)
    if (matchAt(LINE_BREAK, text, content)) {
      end = content
      continue
    }
    const isItem = !isScalar && matchAt(ITEM, text, content) !== null
    // The items of a list may stand below the first letter of its name.
    if (content - begin < (isItem && column !== undefined ? column : least)) break
    if (start < 0) {
      if (!isScalar && !belongs(text, content, name, column)) return undefined
      start = content
      if (column === undefined) least = content - begin
    }
    const lineEnd = endOfLine(text, content, found[1]?.length ?? 0)
    if (lineEnd === content) break
    end = lineEnd
  }
  return start < 0 || end <= start ? undefined : hidden(start, end)
}

/** Whether the first line below a name is of a value in YAML, and not the next line of a text or of JSON. */
function belongs(text: string, content: number, { isQuoted }: Name, column: number | undefined): boolean {
  if (column === undefined) return matchAt(ITEM, text, content) !== null
  return !isQuoted || matchAt(COLLECTION, text, content) !== null
}

/** Returns the column of a name that has only blanks and dashes before it; undefined for one within a line. */
function columnOf(text: string, start: number): number | undefined {
  let at = start
  while (at > 0 && start - at < MOST_BLANKS && ' \t-'.includes(text.charAt(at - 1))) at--
  const before = text[at - 1]
  const isBegin = before === undefined || '\n"\''.includes(before) || /\\n$/.test(text.slice(at - 2, at))
  return isBegin ? start - at : undefined
}

/**
 * Returns where a line ends. One with `escapes` backslashes before the letter of its line break is part of a
 * quoted text, and ends with that at the latest.
 */
function endOfLine(text: string, from: number, escapes: number): number {
  if (escapes === 0) return endOfRun(text, from, PLAIN_LINE, 1)
  let at = endOfRun(text, from, IN_ESCAPED_LINE, 1)
  while (at < text.length) {
    let end = at
    while (text[end] === '\\') end++
    const character = text[end]
    const count = end - at
    if (count === 0 && (character === '\n' || character === '\r')) return at
    if (count === escapes && (character === 'n' || character === 'r')) return at
    if (count < escapes && character === '"') return at
    if (count < escapes && character === "'" && isClosing(text, end + 1)) return at
    at = endOfRun(text, end + 1, IN_ESCAPED_LINE, 1)
  }
  return text.length
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
