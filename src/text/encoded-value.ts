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
  const tag = encodedTag(text, end)
  if (tag) return tag
  BETWEEN.lastIndex = end
  const between = BETWEEN.exec(text)
  if (!between) return undefined
  const start = end + between[0].length
  const quote = between[1]
  const close = quote === undefined ? -1 : text.indexOf(quote, start)
  const until = close < 0 ? endOfEncoded(text, start) : close
  return isNothing(text, start, until, name) ? undefined : hidden(start, until)
}

/** The sign behind the name in a tag that is encoded, and the sign that opens the next one. */
const TAG_END = /%(?:25){0,3}3e|&(?:amp;){0,3}gt;/iy

/** Finds the content of a tag whose signs are encoded: `&lt;password&gt;…&lt;/password&gt;`. */
function encodedTag(text: string, end: number): Part | undefined {
  TAG_END.lastIndex = end
  const sign = TAG_END.exec(text)?.[0].toLowerCase()
  if (sign === undefined) return undefined
  const start = end + sign.length
  const close = text.indexOf(
    sign.startsWith('%') ? sign.replace('3e', '3c') : sign.replace('gt', 'lt'),
    start,
  )
  const until = close < 0 ? text.length : close
  return until === start ? undefined : hidden(start, until)
}

/** Returns where a percent-encoded value without quotes ends. */
export function endOfEncoded(text: string, start: number): number {
  let at = endOfRun(text, start, PLAIN, 1)
  while (text[at] === '%' && !STOP.test(text.slice(at, at + 12))) at = endOfRun(text, at + 1, PLAIN, 1)
  return at
}
