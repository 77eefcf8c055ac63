import { characterSet, endOfRun, type Part } from './text-parts.ts'
import { hidden, isNothing } from './value-parts.ts'

/** What stands between a name and its value in an encoded text, and the quote before the value. */
const BETWEEN =
  /(?:%(?:25){0,3}5b[\w-]{0,32}%(?:25){0,3}5d|%(?:25){0,3}5d|\[[\w-]{0,32}\]){0,3}(?:%(?:25){0,3}2[27]|&quot;|&apos;|&#3[49];)?(?:\s|\+|%(?:25){0,3}20){0,8}(?:%(?:25){0,3}3[ad]|[:=])(?:\s|\+|%(?:25){0,3}20){0,8}(%(?:25){0,3}2[27]|&quot;|&apos;|&#3[49];)?/iy
const PLAIN = characterSet(/[\w.~+!*,:@/$=-]/)
/** Encoded characters at which a value without quotes ends. */
const STOP = /^%(?:25){0,3}(?:2[0267]|3b|7d|5d|0a|0d)/i

/**
 * Finds the value of a name that ends at an index, in a text that is percent-encoded or escaped for HTML:
 * `token%3D…`, `password%22%3A%22…`, `&quot;password&quot;:&quot;…`.
 */
export function encodedValue(text: string, end: number, name: string): Part | undefined {
  BETWEEN.lastIndex = end
  const between = BETWEEN.exec(text)
  if (!between) return undefined
  const start = end + between[0].length
  const quote = between[1]
  const close = quote === undefined ? -1 : text.indexOf(quote, start)
  const until = close < 0 ? endOfEncoded(text, start) : close
  return isNothing(text, start, until, name) ? undefined : hidden(start, until)
}

const LESS = '&(?:amp;){0,3}(?:lt|#0?60|#x3c);|%(?:25){0,3}3c'
const GREATER = '&(?:amp;){0,3}(?:gt|#0?62|#x3e);|%(?:25){0,3}3e'
/** What ends a tag whose signs are encoded, behind its name or its attributes. */
const TAG_END = new RegExp(`(?:(?:\\s|%20|\\+)(?:(?!${GREATER})[^<>\\n]){0,200})?(?:${GREATER})`, 'iy')
const TAG_BEGIN = new RegExp(LESS, 'gi')
const OPEN_TAG = new RegExp(`(?:${LESS})$`, 'i')
/** The end of a tag around a name, and the tags before its value. */
const VALUE_BEHIND = new RegExp(
  `(?:${LESS})(?:/|%2f)(?:name|key)(?:${GREATER})\\s{0,8}(?:${LESS})(?:value|val|string|data)(?:${GREATER})(?:(?:${LESS})\\w{1,16}(?:${GREATER})){0,2}`,
  'iy',
)

/**
 * Finds the content of a tag whose signs are encoded, `&lt;password&gt;…&lt;/password&gt;`, or that of the
 * value behind a name in such tags. The name is at `start` to `end`.
 */
export function encodedContent(text: string, start: number, end: number): Part | undefined {
  const isInTag = OPEN_TAG.test(text.slice(Math.max(0, start - 24), start))
  const before = isInTag ? TAG_END : VALUE_BEHIND
  before.lastIndex = end
  if (!before.test(text)) return undefined
  TAG_BEGIN.lastIndex = before.lastIndex
  const until = TAG_BEGIN.exec(text)?.index ?? text.length
  return until === before.lastIndex ? undefined : hidden(before.lastIndex, until)
}

/** Returns where a percent-encoded value without quotes ends. */
export function endOfEncoded(text: string, start: number): number {
  let at = endOfRun(text, start, PLAIN, 1)
  while (text[at] === '%' && !STOP.test(text.slice(at, at + 12))) at = endOfRun(text, at + 1, PLAIN, 1)
  return at
}
