import { plainName } from './plain-name.ts'
import { isSecretName, STEM } from './secret-names.ts'
import { characterSet, endOfRun, TextParts } from './text-parts.ts'

/** A character that a name has in place of one of ASCII, or that is not seen in it. */
export const UNUSUAL = /[^\t\n\r -~]/

/** Such a character, or the escape of one. */
const UNUSUAL_OR_ESCAPED =
  /[^\t\n\r -~]|\\u(?!00[2-7])[0-9a-f]{4}|\\u007f|\\[bfnrt](?=\\{0,15}["']\s{0,8}:)/gi
const ESCAPE = /\\{1,15}u(?:(?!00[2-7])[0-9a-f]{4}|007f)|\\{1,15}[bfnrt](?=\\{0,15}["'])/iy

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
    const end = Math.max(endOfName(text, start), found.index + 1)
    if (end - start <= LONGEST_NAME) {
      const written = text.slice(start, end)
      const name = plainName(written)
      if (name !== written && STEMMED.test(name) && isSecretName(name) && isNamed(text, end, name))
        parts.replace({ start, end, text: name })
    }
    floor = end
    unusual.lastIndex = end
  }
  return parts.toString()
}

function beginOfName(text: string, from: number, floor: number): number {
  let at = from
  while (at > floor && text[at - 1] === '\\') at--
  while (at > floor && WORD[text.charCodeAt(at - 1)] === 1) at--
  return at
}

function endOfName(text: string, start: number): number {
  let at = endOfRun(text, start, IN_NAME, 1)
  while (text[at] === '\\') {
    ESCAPE.lastIndex = at
    if (!ESCAPE.test(text)) return at
    at = endOfRun(text, ESCAPE.lastIndex, IN_NAME, 1)
  }
  return at
}

function isNamed(text: string, at: number, name: string): boolean {
  SIGN.lastIndex = at
  const sign = SIGN.exec(text)?.[1]
  return sign !== undefined && (':=>%&['.includes(sign) || name.length >= SHORTEST_ITEM)
}
