import { endOfQuoted, endOfStructure, type Quote, quoteAt } from './quoted-text.ts'
import { isAmountName, isSecretName, MASK } from './secret-names.ts'
import { type CharacterSet, characterSet, endOfRun, type Part, TextParts } from './text-parts.ts'

/** A part of every secret name, in lower case or not. */
const STEM =
  /pass|pwd|pswd|pw|secret|token|key|auth|cred|cookie|otp|psk|kek|jwt|bearer|fernet|sig|user.?data|configdrive|hashsuffix|cephcluster/gi

const WORD = characterSet(/[\w.$-]/)
/** Characters after which no quoted name goes on. */
const NO_NAME = characterSet(/[\n:{}[\],=<>&;"'\\]/)
const IN_NAME = NO_NAME.map((is) => 1 - is)
const RUN = characterSet(/[^\s"'&;<>\\)}\]]/)
/** A run up to a comma, behind which another name may begin. */
const ITEM = characterSet(/[^\s"'&;<>\\)}\],]/)
const NAME_IN_LIST = characterSet(/[\w-]/)
const LINE = characterSet(/[^\n\r"'\\<>]/)
const BARE = characterSet(/[^\s,}\])"'\\]/)
const ITEMS = characterSet(/[^\]["'\\\n{}]/)
const CONTENT = characterSet(/[^<]/)

/** Schemes of an authorization, behind which the credentials stand. */
const SCHEME = /^(?:bearer|basic|digest|token|negotiate|apikey|ntlm)$/i

/**
 * Replaces the values of secret names in a text by `***`, in the forms in which JSON, Python, headers,
 * queries, options of programs and XML have names and values. Goes once through the text.
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
    const value = valueBehind(text, { start, end, close, floor })
    if (value) parts.replace(value)
    floor = value?.end ?? end
    stem.lastIndex = floor
  }
  return parts.toString()
}

/** Where a word of a secret name stands, where a quoted name would end, and what is done with already. */
type Place = { readonly start: number; readonly end: number; readonly close: number; readonly floor: number }

/** Finds the value of the name whose secret word is at `start` to `end`. */
function valueBehind(text: string, place: Place): Part | undefined {
  const { start, end, close } = place
  const quote = quoteAt(text, close)
  if (quote) return valueOfQuoted(text, place, quote)
  const name = text.slice(start, end)
  if (text[end] === '>' && text[start - 1] === '<')
    return isSecretName(name) ? untilTag(text, end + 1) : undefined
  const at = afterBlanks(text, end)
  const sign = text[at]
  if (sign === ':' || sign === '=') {
    const after = text[at + 1]
    if (after === ':' || after === '/' || !isSecretName(name)) return undefined
    let from = at + 1
    if (after === '=' || after === '>') from++
    return unquotedValue(text, afterBlanks(text, from), name, sign)
  }
  if (name.startsWith('--') && at > end && isSecretName(name) && text[at] !== '-') return plainRun(text, at)
  return undefined
}

function valueOfQuoted(text: string, { start, close, floor }: Place, quote: Quote): Part | undefined {
  let begin = start
  while (begin > floor && isNameAt(text, begin - 1)) begin--
  const name = text.slice(begin, close)
  const at = afterBlanks(text, quote.end)
  const sign = text[at]
  if ((sign !== ':' && sign !== '=' && sign !== ',') || !isSecretName(name)) return undefined
  if (sign === ',') return valueOfPair(text, begin - quote.escapes - 1, at + 1, name)
  const from = afterBlanks(text, at + (text[at + 1] === '>' ? 2 : 1))
  return valueAt(text, from, name, quote.escapes, quote.character)
}

/** Finds the value of `["name", "value"]` in a list, or of `{"name": "name", "value": "value"}`. */
function valueOfPair(text: string, open: number, from: number, name: string): Part | undefined {
  const before = beforeBlanks(text, open)
  const next = quoteAt(text, afterBlanks(text, from))
  if (!next) return undefined
  if (text[before] === ':') {
    const named = wordBefore(text, beforeBlanks(text, before))
    if (!/^(?:name|key|field|header|option|param|parameter|label|k)$/i.test(named)) return undefined
    const end = endOfQuoted(text, next)
    const member = text.slice(next.end, Math.min(end, next.end + 16))
    const close = quoteAt(text, end)
    const colon = close ? afterBlanks(text, close.end) : -1
    if (!/^(?:value|values|val|v|data)$/i.test(member) || text[colon] !== ':') return undefined
    return valueAt(text, afterBlanks(text, colon + 1), name, next.escapes, next.character)
  }
  if (text[before] !== '[' && text[before] !== '(') return undefined
  // A list of words, such as the methods ["password", "token"], is no list of pairs.
  const around = text[beforeBlanks(text, before)]
  if (around !== '[' && around !== '(' && around !== ',') return undefined
  const end = endOfQuoted(text, next)
  const close = quoteAt(text, end)
  const last = text[afterBlanks(text, close ? close.end : end)]
  return last === ']' || last === ')' || last === undefined ? hidden(next.end, end) : undefined
}

/** Finds the value that begins at an index. `escapes` and `quote` are those of its name. */
function valueAt(text: string, from: number, name: string, escapes: number, quote: string): Part | undefined {
  const at = afterPrefix(text, from)
  const opening = quoteAt(text, at)
  if (opening) {
    const end = endOfQuoted(text, opening)
    return isNothing(text, opening.end, end) ? undefined : hidden(opening.end, end)
  }
  const character = text[at]
  const mark = '\\'.repeat(escapes) + quote
  const masked = `${mark}${MASK}${mark}`
  if (character === '{' || character === '[' || character === '(')
    return { start: at, end: endOfStructure(text, at, escapes), text: masked }
  const run = runAt(text, at, BARE)
  if (run === '' || isNothing(text, at, at + run.length)) return undefined
  return isAmount(name, run) ? undefined : { start: at, end: at + run.length, text: masked }
}

/** Finds the value of a name without quotes: of a header, an option, a query or a line of a file. */
function unquotedValue(text: string, from: number, name: string, sign: string): Part | undefined {
  const at = afterPrefix(text, from)
  const opening = quoteAt(text, at)
  if (opening) {
    // The quote may be that of a text around the name.
    if (isClosing(text, opening.end)) return undefined
    const end = endOfQuoted(text, opening)
    return isNothing(text, opening.end, end) ? undefined : hidden(opening.end, end)
  }
  if (text[at] === '[') return valueInBrackets(text, at)
  const line = sign === ':' && /cookie$/i.test(name) ? runAt(text, at, LINE) : ''
  if (line !== '') return hidden(at, at + line.length)
  const end = endOfValue(text, at)
  const run = text.slice(at, end)
  if (run === '' || isNothing(text, at, end) || isAmount(name, run)) return undefined
  if (/authori[sz]ation$/i.test(name) && SCHEME.test(run)) {
    const more = afterBlanks(text, end)
    const behind = more > end ? runAt(text, more, LINE).trimEnd() : ''
    if (behind !== '') return hidden(more, more + behind.length)
  }
  // A word of a sentence: `token: expected text`.
  if (sign === ':' && /^[a-z]+$/.test(run) && /^ [a-z(]/i.test(text.slice(end, end + 2))) return undefined
  return hidden(at, end)
}

/**
 * Returns the index where a value without quotes ends: before a further `name=value` behind a comma, and
 * before the punctuation behind the value. Reads no further than the next name.
 */
function endOfValue(text: string, start: number): number {
  let at = endOfRun(text, start, ITEM, 1)
  while (text[at] === ',') {
    const next = endOfRun(text, at + 1, NAME_IN_LIST)
    if (text[next] === '=' || text[next] === ':') break
    at = endOfRun(text, next, ITEM, 1)
  }
  while (at > start && isPunctuation(text[at - 1])) at--
  return at
}

function isPunctuation(character: string | undefined): boolean {
  return character === ',' || character === '.' || character === ':'
}

function valueInBrackets(text: string, at: number): Part | undefined {
  const end = endOfRun(text, at + 1, ITEMS, 1)
  // What is not closed hides as well: what follows would be read again for every name in it.
  return end > at + 1 ? hidden(at + 1, end) : undefined
}

function plainRun(text: string, at: number): Part | undefined {
  const opening = quoteAt(text, at)
  if (opening)
    return isClosing(text, opening.end) ? undefined : hidden(opening.end, endOfQuoted(text, opening))
  const run = runAt(text, at, RUN)
  return run === '' ? undefined : hidden(at, at + run.length)
}

function untilTag(text: string, at: number): Part | undefined {
  const run = runAt(text, at, CONTENT)
  return run.trim() === '' ? undefined : hidden(at, at + run.length)
}

function hidden(start: number, end: number): Part {
  return { start, end, text: MASK }
}

/** Whether what follows a quote shows that it ends a text. */
function isClosing(text: string, at: number): boolean {
  const next = text[afterBlanks(text, at)]
  if (next === ',')
    return /^["'{[]/.test(text.slice(afterBlanks(text, text.indexOf(',', at) + 1)).slice(0, 1))
  return next === undefined || next === '}' || next === ']' || next === ':'
}

/** Values that tell nothing: whether there is a secret, or what has been masked before. */
function isNothing(text: string, start: number, end: number): boolean {
  return end - start <= 5 && /^(?:true|false|null|none|nan|yes|no|\*\*\*|)$/i.test(text.slice(start, end))
}

function isAmount(name: string, run: string): boolean {
  return isAmountName(name) && /^\d+$/.test(run)
}

function runAt(text: string, at: number, set: CharacterSet): string {
  return text.slice(at, endOfRun(text, at, set, 1))
}

/** Skips the letter before a quote that Python has for some texts. */
function afterPrefix(text: string, at: number): number {
  if (!'ubrUBR'.includes(text.charAt(at))) return at
  const next = text[at + 1]
  return next === '"' || next === "'" ? at + 1 : at
}

/** Skips blanks, also those that are escaped in a text: `\n`. */
function afterBlanks(text: string, from: number): number {
  let at = from
  for (;;) {
    const character = text[at]
    if (character === ' ' || character === '\n' || character === '\t' || character === '\r') at++
    else if (character === '\\') {
      let end = at
      while (text[end] === '\\') end++
      if (!/[nrt]/.test(text[end] ?? '')) return at
      at = end + 1
    } else return at
  }
}

/** Returns the index of the last character before an index that is no blank. */
function beforeBlanks(text: string, from: number): number {
  let at = from - 1
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at--
  return at
}

/** Returns the quoted word whose closing quote is at an index. */
function wordBefore(text: string, at: number): string {
  if (text[at] !== '"' && text[at] !== "'") return ''
  let end = at
  while (text[end - 1] === '\\') end--
  let start = end
  while (end - start < 16 && isWordAt(text, start - 1)) start--
  return text.slice(start, end)
}

function isWordAt(text: string, at: number): boolean {
  return WORD[text.charCodeAt(at)] === 1
}

function isNameAt(text: string, at: number): boolean {
  return isWordAt(text, at) || text[at] === ' '
}
