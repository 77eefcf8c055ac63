import type { JsonValue } from '../domain/notification.ts'
import { endOfText } from './json-bounds.ts'

/**
 * Integers of up to this many digits are exact in a double. Most bodies hold no longer ones and need no
 * reviver.
 */
const LONGEST_EXACT = 15

/**
 * Whether more than LONGEST_EXACT digits stand in a row somewhere. Checks every 16th character only, which
 * any such row covers.
 */
function hasLongDigits(text: string): boolean {
  const span = LONGEST_EXACT + 1
  for (let at = LONGEST_EXACT; at < text.length; at += span) {
    if (!isDigit(text, at)) continue
    let [first, last] = [at, at]
    while (isDigit(text, first - 1)) first--
    while (isDigit(text, last + 1)) last++
    if (last - first >= LONGEST_EXACT) return true
  }
  return false
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

/**
 * Parses JSON like JSON.parse, but returns integers that a double cannot hold as bigint. NaN and Infinity,
 * which Python writes though JSON has no such numbers, become null. Throws SyntaxError.
 *
 * @example
 * parseJson('{"bytes": 9007199254740993}') // { bytes: 9007199254740993n }
 */
export function parseJson(text: string): JsonValue {
  try {
    return hasLongDigits(text) ? JSON.parse(text, keepInteger as never) : JSON.parse(text)
  } catch (error) {
    const plain = withoutPythonNumbers(text)
    if (plain === undefined) throw error
    return parseJson(plain)
  }
}

function keepInteger(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context.source === undefined) return value
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}

/** Returns the text with null in place of NaN and the infinities; undefined when it has none of them. */
function withoutPythonNumbers(text: string): string | undefined {
  if (!text.includes('NaN') && !text.includes('Infinity')) return undefined
  const pieces: string[] = []
  let copied = 0
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (letter === '"') at = endOfText(text, at)
    const word = letter === 'N' ? 'NaN' : letter === 'I' ? 'Infinity' : undefined
    if (word === undefined || !standsAlone(text, word, at)) continue
    pieces.push(text.slice(copied, text[at - 1] === '-' ? at - 1 : at))
    copied = at + word.length
    at = copied - 1
  }
  return copied === 0 ? undefined : [...pieces, text.slice(copied)].join('null')
}

function standsAlone(text: string, word: string, at: number): boolean {
  const before = text[at - 1] === '-' && word === 'Infinity' ? text[at - 2] : text[at - 1]
  const isPart = (letter = ' ') => /[\w.+-]/.test(letter)
  return text.startsWith(word, at) && !isPart(before) && !isPart(text[at + word.length])
}

/** Formats a value like JSON.stringify, and bigints as their digits. */
export function stringifyJson(value: unknown): string {
  try {
    // Several times as fast as with a replacer function.
    return JSON.stringify(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, writeInteger)
  }
}

function writeInteger(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return (JSON as unknown as { rawJSON(text: string): object }).rawJSON(String(value))
}
