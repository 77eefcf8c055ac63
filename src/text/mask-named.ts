import { afterBlanks, afterPrefix, beforeBlanks, beforePrefix } from './blanks.ts'
import { encodedValue } from './encoded-value.ts'
import { memberValue, NAME_KEY } from './member-value.ts'
import { optionValue, plainValue } from './plain-value.ts'
import { endOfQuoted, type Quote, quoteAt } from './quoted-text.ts'
import { isSecretName } from './secret-names.ts'
import { attributeValue, contentAt, endOfTag } from './tag-value.ts'
import { characterSet, endOfRun, type Part, TextParts } from './text-parts.ts'
import { hidden, valueAt } from './value-parts.ts'

/** A part of every secret name, in lower case or not. */
export const STEM =
  /pass|pwd|pswd|pw|secret|token|key|auth|cred|cookie|otp|psk|kek|jwt|bearer|fernet|sig|user.?data|configdrive|hashsuffix|cephcluster/gi

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
  const { start, end, close } = place
  const quote = quoteAt(text, close)
  if (quote) return valueOfQuoted(text, place, quote)
  const name = text.slice(start, end)
  const tag = endOfTag(text, start, end)
  if (tag >= 0) return isSecretName(name) ? contentAt(text, tag) : undefined
  const behind = text[end]
  if (behind === '%' || behind === '&') {
    const plain = text[start - 1] === '%' ? name.slice(2) : name
    return isSecretName(plain) ? encodedValue(text, end, plain) : undefined
  }
  if (behind === ']' || behind === ':' || behind === '[') {
    const key = valueOfLongKey(text, end, name)
    if (key) return key
  }
  const at = afterBlanks(text, behind === ']' && text[start - 1] === '[' ? end + 1 : end)
  const sign = text[at]
  if (sign === ':' || sign === '=') {
    const after = text[at + 1]
    if (after === ':' || after === '/' || !isSecretName(name) || isPlace(text, at, name)) return undefined
    let from = at + 1
    if (after === '=' || after === '>') from++
    return plainValue(text, afterBlanks(text, from), name, sign)
  }
  if (name.startsWith('--') && at > end && isSecretName(name) && text[at] !== '-')
    return optionValue(text, at)
  return undefined
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
    return valueAt(text, afterBlanks(text, at + (text[at + 1] === '>' ? 2 : 1)), name, quote)
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
  // A list of words, such as the methods ["password", "token"], is no list of pairs.
  const around = text[beforeBlanks(text, before)]
  if (around !== '[' && around !== '(' && around !== ',') return undefined
  const end = endOfQuoted(text, next)
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
