import { afterBlanks, afterPrefix, beforeBlanks, beforePrefix } from './blanks.ts'
import { encodedContent, encodedValue } from './encoded-value.ts'
import { memberValue, NAME_KEY } from './member-value.ts'
import { optionValue, plainValue } from './plain-value.ts'
import { endOfQuoted, type Quote, quoteAt } from './quoted-text.ts'
import { isSecretName, STEM } from './secret-names.ts'
import { attributeValue, contentAt, endOfTag, valueOfTaggedName } from './tag-value.ts'
import { characterSet, endOfRun, type Part, TextParts } from './text-parts.ts'
import { hidden, valueAt } from './value-parts.ts'
import { yamlValue } from './yaml-value.ts'

const WORD = characterSet(/[\w.$-]/)
/** Characters after which no quoted name goes on. */
const NO_NAME = characterSet(/[\n:{}[\],=<>&;"'\\]/)
const IN_NAME = NO_NAME.map((is) => 1 - is)

/**
 * Replaces the values of secret names in a text by `***`, in the forms in which JSON, Python, headers,
 * queries, options of programs, YAML and XML have names and values. Goes once through the text.
 */
export function maskNamed(text: string): string {
  const stem = new RegExp(STEM)
  const parts = new TextParts(text)
  let floor = 0
  let close = -1
  while (stem.test(text)) {
    const end = endOfRun(text, stem.lastIndex, WORD)
    let start = stem.lastIndex
    while (start > floor && isWordAt(text, start - 1)) start--
    // The end of a quoted name is looked for once for all words in it.
    if (close < end) close = endOfRun(text, end, IN_NAME, 1)
    const value = findValue(text, { start, end, close, floor, told: parts.told })
    if (value) parts.replace(value)
    // The value may stand before its name.
    floor = Math.max(end, value?.end ?? end)
    stem.lastIndex = floor
  }
  return parts.toString()
}

/** Line and column behind the name of a file. */
const LINE_AND_COLUMN = /:\d{1,9}:\d{1,9}(?!\w)/y

/** Whether a name is that of a file, with a line and a column behind it: `token.yaml:3:1`. */
function isPlace(text: string, at: number, name: string): boolean {
  if (!name.includes('.')) return false
  const place = new RegExp(LINE_AND_COLUMN)
  place.lastIndex = at
  return place.test(text)
}

/**
 * Where a word of a secret name stands, where a quoted name would end, up to where names are looked for, and
 * up to where values are masked.
 */
type Place = {
  readonly start: number
  readonly end: number
  readonly close: number
  readonly floor: number
  readonly told: number
}

/** Finds the value of the name whose secret word is at `start` to `end`. */
function findValue(text: string, place: Place): Part | undefined {
  const encoded = valueOfEncoded(text, place)
  if (encoded) return encoded
  const quote = quoteAt(text, place.close)
  return (quote ? valueOfQuoted(text, place, quote) : undefined) ?? valueOfBare(text, place)
}

/** What may stand behind a name in a text that is encoded. */
const BEHIND_ENCODED = new Set(['%', '&', ' ', '+'])
/** Hexadecimal digits of the encoded character before a name. */
const ENCODED_BEFORE = /^(?:25){0,3}[\da-f]{2}/i

/** Finds the value of a name in a text that is percent-encoded or escaped for HTML. */
function valueOfEncoded(text: string, { start: from, end }: Place): Part | undefined {
  const behind = text[end] ?? ''
  if (!BEHIND_ENCODED.has(behind)) return undefined
  const written = text.slice(from, end)
  const before = text[from - 1] === '%' ? (ENCODED_BEFORE.exec(written)?.[0].length ?? 0) : 0
  const name = written.slice(before)
  if (!isSecretName(name)) return undefined
  const isPlain = behind === ' ' || behind === '+'
  return encodedContent(text, from + before, end) ?? (isPlain ? undefined : encodedValue(text, end, name))
}

/** Finds the value of a name without quotes: in a tag, a header, a query, an option or a line of a file. */
function valueOfBare(text: string, { start: from, end }: Place): Part | undefined {
  const start = afterEscape(text, from, end)
  const name = text.slice(start, end)
  const tag = endOfTag(text, start, end)
  if (tag >= 0) return isSecretName(name) ? contentAt(text, tag) : undefined
  const behind = text[end]
  if (behind === '<') return isSecretName(name) ? valueOfTaggedName(text, end) : undefined
  if (behind === ']' || behind === ':' || behind === '[') {
    const key = valueOfLongKey(text, end, name)
    if (key) return key
  }
  const at = afterBlanks(text, afterSubscript(text, start, end))
  const sign = text[at]
  if (sign === ':' || sign === '=') return valueBehindSign(text, { start, end, at }, name)
  if (name.startsWith('--') && at > end && isSecretName(name) && text[at] !== '-')
    return optionValue(text, at)
  return undefined
}

function valueBehindSign(
  text: string,
  { start, end, at }: { readonly start: number; readonly end: number; readonly at: number },
  name: string,
): Part | undefined {
  const sign = text[at] as string
  const after = text[at + 1]
  if (after === ':' || after === '/' || !isSecretName(name) || isPlace(text, at, name)) return undefined
  if (sign === ':' && at === end) {
    const value = yamlValue(text, { start, colon: at, isQuoted: false })
    if (value) return value
  }
  let from = at + 1
  if (after === '=' || after === '>') from++
  return plainValue(text, afterBlanks(text, from), name, sign)
}

/** Returns where a name begins that stands behind a line break or a tab that is escaped: `\\nauth: …`. */
function afterEscape(text: string, start: number, end: number): number {
  if (text[start - 1] !== '\\' || !'nrt'.includes(text[start] ?? '-')) return start
  return isSecretName(text.slice(start + 1, end)) ? start + 1 : start
}

/** What stands in brackets behind a name: `password[0]`, `passwords["main"]`. */
const SUBSCRIPTS = /(?:\[(?:\\{0,7}["'])?[\w.-]{0,64}(?:\\{0,7}["'])?\]){1,4}/y

function afterSubscript(text: string, start: number, end: number): number {
  if (text[end] === ']' && text[start - 1] === '[') return end + 1
  SUBSCRIPTS.lastIndex = end
  return SUBSCRIPTS.test(text) ? SUBSCRIPTS.lastIndex : end
}

/** Finds the value of a quoted name that goes on: `"password:admin": "…"`, `"user[password]": "…"`. */
function valueOfLongKey(text: string, end: number, name: string): Part | undefined {
  const more = /^(?:\]|:[\w.-]+|\[[\w.-]*\])(?=\\*["'])/.exec(text.slice(end, end + 64))
  const quote = more ? quoteAt(text, end + more[0].length) : undefined
  if (!quote) return undefined
  const colon = afterBlanks(text, quote.end)
  if (text[colon] !== ':' || !isSecretName(name)) return undefined
  return valueAt(text, afterBlanks(text, colon + 1), name, quote)
}

function valueOfQuoted(text: string, place: Place, quote: Quote): Part | undefined {
  const { start, close, floor } = place
  let begin = start
  while (begin > floor && isNameAt(text, begin - 1)) begin--
  const name = text.slice(begin, close)
  const open = begin - quote.escapes - 1
  const at = afterBlanks(text, quote.end)
  const sign = text[at]
  if (sign === ':' || sign === '=') {
    if (!isSecretName(name)) return undefined
    const block = sign === ':' ? yamlValue(text, { start: open, colon: at, isQuoted: true }) : undefined
    return block ?? valueAt(text, afterBlanks(text, at + (text[at + 1] === '>' ? 2 : 1)), name, quote)
  }
  if (quoteAt(text, open)?.end !== begin || !isSecretName(name)) return undefined
  if (sign === ',') {
    const next = quoteAt(text, afterPrefix(text, afterBlanks(text, at + 1)))
    const item = next ? valueOfItem(text, open, next, name) : undefined
    if (item) return item
  }
  if (sign === ']') return valueOfSubscript(text, open, at, name, quote)
  return valueOfNamed(text, open, quote, name, place.told) ?? attributeValue(text, open, quote, name)
}

/** Finds the value of `["name", "value"]` in a list of such, or of `["--name", "value"]`. */
function valueOfItem(text: string, open: number, next: Quote, name: string): Part | undefined {
  if (name.startsWith('--')) {
    return text[next.end] === '-' ? undefined : hidden(next.end, endOfQuoted(text, next))
  }
  const before = beforeBlanks(text, beforePrefix(text, open))
  if (text[before] !== '[' && text[before] !== '(') return undefined
  const end = endOfQuoted(text, next)
  // A list of words, such as the methods ["password", "token"], is no list of pairs.
  const around = text[beforeBlanks(text, before)]
  const isPair = text[before] === '(' && !isSecretName(text.slice(next.end, end))
  if (!isPair && around !== '[' && around !== '(' && around !== ',') return undefined
  const last = text[afterBlanks(text, quoteAt(text, end)?.end ?? end)]
  return last === ']' || last === ')' || last === undefined ? hidden(next.end, end) : undefined
}

/** Finds the value of `settings["name"] = "value"`. */
function valueOfSubscript(
  text: string,
  open: number,
  at: number,
  name: string,
  quote: Quote,
): Part | undefined {
  if (text[open - 1] !== '[') return undefined
  const equals = afterBlanks(text, at + 1)
  if (text[equals] !== '=' || text[equals + 1] === '=') return undefined
  return valueAt(text, afterBlanks(text, equals + 1), name, quote)
}

/** Finds the value of `{"name": "name", "value": "value"}`. */
function valueOfNamed(
  text: string,
  open: number,
  quote: Quote,
  name: string,
  told: number,
): Part | undefined {
  const colon = beforeBlanks(text, beforePrefix(text, open))
  if (text[colon] !== ':') return undefined
  const key = wordBefore(text, beforeBlanks(text, colon))
  if (!key || !NAME_KEY.test(key.word)) return undefined
  return memberValue(text, { start: key.start, quote, name }, told)
}

/** Returns the quoted word whose closing quote is at an index, and where it begins with its quote. */
function wordBefore(text: string, at: number): { readonly word: string; readonly start: number } | undefined {
  if (text[at] !== '"' && text[at] !== "'") return undefined
  let end = at
  while (text[end - 1] === '\\') end--
  let start = end
  while (end - start < 16 && isWordAt(text, start - 1)) start--
  return { word: text.slice(start, end), start: start - 1 - (at - end) }
}

function isWordAt(text: string, at: number): boolean {
  return WORD[text.charCodeAt(at)] === 1
}

function isNameAt(text: string, at: number): boolean {
  return isWordAt(text, at) || text[at] === ' '
}
