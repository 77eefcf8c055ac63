import { TextParts } from './text-parts.ts'

/** Begin of an escape of a printable ASCII character; JSON needs none of them but those of `"` and `\`. */
const ESCAPE = /\\u00(?!7f)[2-7][0-9a-f]/gi
const [QUOTE, BACKSLASH] = ['"', '\\']

/** More rounds than any sender encodes its JSON again. */
const MOST_ROUNDS = 8

/**
 * Writes characters that a JSON text has as escapes such as `\u0061` in the usual form: letters as they are,
 * quotes and backslashes behind a backslash, at any depth of JSON within JSON. Returns undefined where
 * backslashes are escaped in this way again and again, which no sender does.
 *
 * @example
 * plainEscapes('{"\\u0061uth": 1}') // '{"auth": 1}'
 */
export function plainEscapes(text: string): string | undefined {
  let plain = text
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = decodeOnce(plain)
    if (next === plain) return plain
    plain = next
  }
  return undefined
}

function decodeOnce(text: string): string {
  const escaped = new RegExp(ESCAPE)
  const parts = new TextParts(text)
  let told = 0
  while (escaped.test(text)) {
    const end = escaped.lastIndex
    const last = end - 6
    let start = last
    while (start > told && text[start - 1] === BACKSLASH) start--
    const character = String.fromCharCode(Number.parseInt(text.slice(end - 2, end), 16))
    const backslashes = backslashesBefore(character, last + 1 - start)
    parts.replace({
      start,
      end,
      text: BACKSLASH.repeat(backslashes) + (character === BACKSLASH ? '' : character),
    })
    told = end
  }
  return parts.toString()
}

/**
 * Returns how many backslashes the usual form has where there are n before `u`. Of an odd n one begins the
 * escape. An even n is half as many one level of JSON further in, and each backslash there is two here.
 */
function backslashesBefore(character: string, n: number): number {
  if (n % 2 === 0) {
    const inside = 2 * backslashesBefore(character, n / 2)
    return character === QUOTE ? inside + 1 : inside
  }
  if (character === QUOTE) return n
  return character === BACKSLASH ? n + 1 : n - 1
}
