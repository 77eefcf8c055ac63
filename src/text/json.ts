import type { JsonValue } from '../domain/notification.ts'
import { endOfText } from './json-bounds.ts'

/** Integers of fewer digits are exact in a double; most bodies hold no longer ones and need no reviver. */
const LONGEST_EXACT = 15

/** Whether so many digits and one more stand in a row somewhere. Looks at every 16th character only. */
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
 * JSON.parse, but integers that a double cannot hold come as bigint; NaN and Infinity, which Python writes and no JSON
 * has, are null. Throws SyntaxError.
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

/** The same text with null in the place of numbers that are none; undefined: it has none of them. */
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

/** JSON.stringify, with bigints as the digits they stand for. */
export function stringifyJson(value: unknown): string {
  try {
    // Several times as fast as with a function that looks at each value.
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
