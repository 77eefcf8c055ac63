import { afterBlanks, afterPrefix } from './blanks.ts'
import { endOfFlow } from './flow-value.ts'
import { endOfQuoted, isClosing, quoteAt } from './quoted-text.ts'
import { characterSet, endOfRun, type Part } from './text-parts.ts'
import { hidden, isNothing, quotedValue } from './value-parts.ts'

const RUN = characterSet(/[^\s"'&;<>\\)}\]]/)
/** A run up to a comma, behind which another name may begin. */
const ITEM = characterSet(/[^\s"'&;<>\\)}\],]/)
const NAME_IN_LIST = characterSet(/[\w-]/)
const LINE = characterSet(/[^\n\r"'\\<>]/)

/** Schemes of an authorization, behind which the credentials stand. */
const SCHEME =
  /^(?:bearer|basic|digest|token|negotiate|api-?key|ntlm|hawk|oauth|signature|sharedkey|key|aws4?[\w-]*|[\w-]*hmac[\w-]*)$/i

/** Words with which messages about a value begin: `password: Expected text`. */
const OF_MESSAGE = /^(?:[a-z]+|Expected|Unknown|Invalid|Missing|Unsupported|Required|Not|Must|No|Cannot)$/

/** Finds the value of a name without quotes: of a header, an option, a query or a line of a file. */
export function plainValue(text: string, from: number, name: string, sign: string): Part | undefined {
  const at = afterPrefix(text, from)
  const opening = quoteAt(text, at)
  // The quote may be that of a text around the name.
  if (opening) return isClosing(text, opening.end) ? undefined : quotedValue(text, opening, name)
  if (text[at] === '[' || text[at] === '{') return valueInBrackets(text, at, sign)
  const cookie = sign === ':' ? cookieAt(text, at, name) : undefined
  if (cookie) return cookie
  const end = endOfValue(text, at)
  const run = text.slice(at, end)
  if (run === '' || isNothing(text, at, end, name)) return undefined
  if (/authori[sz]ation$/i.test(name) && SCHEME.test(run)) {
    const more = afterBlanks(text, end)
    const close = more > end ? endOfCredentials(text, more) : more
    if (close > more) return hidden(more, close)
  }
  // A word of a sentence: `token: expected text`.
  if (sign === ':' && OF_MESSAGE.test(run) && /^ [a-z(]/i.test(text.slice(end, end + 2))) return undefined
  return hidden(at, end)
}

/** Finds the value behind an option of a program: `--password …`. */
export function optionValue(text: string, at: number): Part | undefined {
  const opening = quoteAt(text, at)
  if (opening)
    return isClosing(text, opening.end) ? undefined : hidden(opening.end, endOfQuoted(text, opening))
  const end = endOfRun(text, at, RUN, 1)
  return end === at ? undefined : hidden(at, end)
}

/**
 * Returns the index where a value without quotes ends: before a further `name=value` behind a comma, and
 * before the punctuation behind the value. Reads no further than the next name.
 */
function endOfValue(text: string, start: number): number {
  let at = endOfRun(text, start, ITEM, 1)
  while (goesOn(text, start, at)) at = endOfRun(text, at + 1, ITEM, 1)
  while (at > start && isPunctuation(text[at - 1])) at--
  return at
}

/** Whether a value goes on behind a character that often ends one: `abc)def`, `abc&def`. */
function goesOn(text: string, start: number, at: number): boolean {
  const character = text[at] ?? ''
  if (character === '' || !",)}]'&<".includes(character)) return false
  const next = endOfRun(text, at + 1, NAME_IN_LIST)
  const behind = text[next] ?? ''
  if (character === ',') return behind !== '=' && behind !== ':'
  if (next === at + 1 || at === start) return false
  if (character === '&') return behind === '' || !'=;[%'.includes(behind)
  return character !== '<' || behind === '' || behind === '\n'
}

function isPunctuation(character: string | undefined): boolean {
  return character === ',' || character === '.' || character === ':'
}

function cookieAt(text: string, at: number, name: string): Part | undefined {
  if (!/cookie$/i.test(name)) return undefined
  const end = endOfRun(text, at, LINE, 1)
  return end === at ? undefined : hidden(at, end)
}

/** Returns where credentials behind their scheme end: with the line, or with the quoted text around them. */
function endOfCredentials(text: string, start: number): number {
  let end = endOfRun(text, start, LINE, 1)
  for (let quote = quoteAt(text, end); quote && text[end - 1] === '='; quote = quoteAt(text, end)) {
    const closing = quoteAt(text, endOfQuoted(text, quote))
    if (!closing) return text.length
    end = endOfRun(text, closing.end, LINE, 1)
  }
  while (end > start && /\s/.test(text[end - 1] ?? '-')) end--
  return end
}

function valueInBrackets(text: string, at: number, sign: string): Part | undefined {
  const end = endOfFlow(text, at, sign === ':')
  return end > at + 1 ? hidden(at + 1, end) : undefined
}
