import { InvalidError, messageOf } from '../../domain/errors.ts'
import { endOfText, excessOf, type JsonBounds } from '../../text/json-bounds.ts'
import { utf8Text } from '../../text/utf8-text.ts'
import type { ReceivedStatus, WireStatus } from './entry.ts'

/** A hundred thousand keys of four members and an unknown one each. */
const BOUNDS: JsonBounds = { depth: 64, values: 1_000_000 }

/**
 * Parses a model as another process sends it: a JSON object of key to `{value, age, ttl, since}`. Names of members are
 * taken in any case, the last of repeated ones counts, unknown ones are skipped, and null leaves what was before. Throws
 * InvalidError for anything else, so that nothing of it is stored.
 *
 * @example
 * parseModel(Buffer.from('{"kiln.state": {"value": "heating", "ttl": 600}}'))
 * // [{ key: 'kiln.state', status: { value: 'heating', age: 0, ttl: 600 } }]
 */
export function parseModel(body: Uint8Array): readonly ReceivedStatus[] {
  const text = utf8Text(body)
  const excess = excessOf(text, BOUNDS)
  if (excess !== undefined) throw new InvalidError(`the body is refused: ${excess}`)
  requireJson(text)
  const begin = skipBlanks(text, 0)
  if (text.startsWith('null', begin)) return []
  if (text[begin] !== '{') throw new InvalidError(`expected a JSON object, found ${shown(text.slice(begin))}`)
  const found = new Map<string, WireStatus | null>()
  for (const { name, value } of membersOf(text, begin)) found.set(name, statusOf(name, value))
  return [...found].map(([key, status]) => ({ key, status }))
}

function requireJson(text: string): void {
  try {
    JSON.parse(text)
  } catch (error) {
    throw new InvalidError(`the body is not JSON: ${messageOf(error)}`, { cause: error })
  }
}

function statusOf(key: string, text: string): WireStatus | null {
  if (text === 'null') return null
  if (text[0] !== '{') throw new InvalidError(`${shown(key)}: expected an object, found ${shown(text)}`)
  let status: WireStatus = { value: '', age: 0, ttl: 0 }
  for (const { name, value } of membersOf(text, 0))
    status = withMember(status, key, name.toLowerCase(), value)
  return status
}

function withMember(status: WireStatus, key: string, name: string, text: string): WireStatus {
  const isKnown = name === 'value' || name === 'age' || name === 'ttl' || name === 'since'
  if (!isKnown || text === 'null') return status
  const value: unknown = JSON.parse(text)
  if (name === 'value') {
    if (typeof value === 'string') return { ...status, value: value.toWellFormed() }
    throw new InvalidError(`${shown(key)}: expected a text as value, found ${shown(text)}`)
  }
  const isNumber = typeof value === 'number' && Number.isFinite(value)
  // Originals know no `since`: whatever stands there is theirs.
  if (name === 'since') return isNumber && value >= 0 ? { ...status, since: value } : status
  if (isNumber) return { ...status, [name]: value }
  throw new InvalidError(`${shown(key)}: expected a number as ${name}, found ${shown(text)}`)
}

type Member = { readonly name: string; readonly value: string }

/** Returns the members of an object of a text that is JSON, in their order, repeated ones too. */
function* membersOf(text: string, open: number): Generator<Member> {
  let at = skipBlanks(text, open + 1)
  while (text[at] === '"') {
    const nameEnd = endOfText(text, at) + 1
    const name = (JSON.parse(text.slice(at, nameEnd)) as string).toWellFormed()
    const begin = skipBlanks(text, skipBlanks(text, nameEnd) + 1)
    const end = endOfValue(text, begin)
    yield { name, value: text.slice(begin, end) }
    at = skipBlanks(text, end)
    if (text[at] === ',') at = skipBlanks(text, at + 1)
  }
}

function endOfValue(text: string, begin: number): number {
  if (text[begin] === '"') return endOfText(text, begin) + 1
  let depth = 0
  for (let at = begin; at < text.length; at++) {
    const character = text[at] as string
    if (character === '"') at = endOfText(text, at)
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (character === ',' || isBlank(character))) return at
  }
  return text.length
}

function skipBlanks(text: string, begin: number): number {
  let at = begin
  while (isBlank(text[at])) at++
  return at
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character === '\r'
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
