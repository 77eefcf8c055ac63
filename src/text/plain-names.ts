import { plainName } from './plain-name.ts'
import { isSecretName, STEM } from './secret-names.ts'
import { characterSet, TextParts } from './text-parts.ts'

/** A character that a name has in place of one of ASCII, or that is not seen in it. */
export const UNUSUAL = /[^\t\n\r -~]/

/** What stands for such a character in JSON, and for a letter in an address. */
const ESCAPED =
  /\\u(?:(?!00[2-7])[0-9a-f]{4}|007f)|\\[bfnrt](?=\\{0,15}["']\s{0,8}:)|%(?:25){0,3}(?:[46][1-9a-f]|[57][0-9a]|5f|2d)/
const UNUSUAL_OR_ESCAPED = new RegExp(`${UNUSUAL.source}|${ESCAPED.source}`, 'gi')
const ESCAPE = new RegExp(`\\\\{0,15}(?:${ESCAPED.source})`, 'iy')

/** Signs behind a name that are as wide as letters of Chinese. */
const WIDE_SIGNS: { readonly [sign: string]: string } = { '：': ':', '＝': '=' }

const WORD = characterSet(/[\w.$-]/)
/** Characters of ASCII that a name has, and controls, which are not seen in it. */
const IN_NAME = characterSet(/[\w.$-]|(?![\t\n\r])\p{Cc}/u)
const STEMMED = new RegExp(STEM.source, 'i')
/** What follows a name: its quote, and a sign, or a further item where the name is a value itself. */
const SIGN = /(?:\\{0,15}["'])?\]?(?:\s|\\{1,15}[nrt]){0,8}([:=>%&[]|[,}\])])/y
/** Shorter ones are no names where a further item follows: `㎺` is `pW`. */
const SHORTEST_ITEM = 5

/** Longer runs are no names. */
const LONGEST_NAME = 256

/**
 * Writes the secret names of a text that have unusual characters in their plain form, so that they are found.
 * All else stays as it is. The time is proportional to the text.
 *
 * @example
 * plainNames('{"pass\\u200bword": 1}') // '{"password": 1}'
 */
export function plainNames(text: string): string {
  const unusual = new RegExp(UNUSUAL_OR_ESCAPED)
  const parts = new TextParts(text)
  let floor = 0
  for (let found = unusual.exec(text); found; found = unusual.exec(text)) {
    const start = beginOfName(text, found.index, floor)
    const isSign = found[0] in WIDE_SIGNS
    const end = isSign ? found.index : Math.max(endOfName(text, start), found.index + 1)
    const name = secretNameAt(text, start, end)
    const sign = WIDE_SIGNS[text[end] ?? '']
    if (name !== undefined && sign !== undefined) parts.replace({ start, end: end + 1, text: name + sign })
    else if (name !== undefined && isNamed(text, end, name)) parts.replace({ start, end, text: name })
    floor = end
    unusual.lastIndex = isSign ? end + 1 : end
  }
  return parts.toString()
}

function secretNameAt(text: string, start: number, end: number): string | undefined {
  if (end - start > LONGEST_NAME) return undefined
  const name = plainName(text.slice(start, end))
  return STEMMED.test(name) && isSecretName(name) ? name : undefined
}

function beginOfName(text: string, from: number, floor: number): number {
  let at = from
  while (at > floor && text[at - 1] === '\\') at--
  while (at > floor && WORD[text.charCodeAt(at - 1)] === 1) at--
  return at
}

function endOfName(text: string, start: number): number {
  let at = start
  for (;;) {
    while (isInName(text, at)) at++
    ESCAPE.lastIndex = at
    if (!ESCAPE.test(text)) return at
    at = ESCAPE.lastIndex
  }
}

function isInName(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code < 128 ? IN_NAME[code] === 1 : code >= 128 && !(text.charAt(at) in WIDE_SIGNS)
}

function isNamed(text: string, at: number, name: string): boolean {
  SIGN.lastIndex = at
  const sign = SIGN.exec(text)?.[1]
  return sign !== undefined && (':=>%&['.includes(sign) || name.length >= SHORTEST_ITEM)
}
