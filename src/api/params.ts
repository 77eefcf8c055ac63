import type { Request } from 'express'
import { InvalidError } from '../domain/errors.ts'
import { STREAM_STATES, type StreamState } from '../domain/stream.ts'
import { type Micros, parseIso } from '../domain/time.ts'
import type { Page } from '../store/store.ts'

const DEFAULT_LIMIT = 200
const MAX_LIMIT = 1000

/** A query parameter; a blank one counts as absent, of several of one name the last counts. */
export function textParam(request: Request, name: string): string | undefined {
  const value = request.query[name]
  const text = Array.isArray(value) ? value.at(-1) : value
  return typeof text === 'string' && text !== '' ? text : undefined
}

export function timeParam(request: Request, name: string): Micros | undefined {
  const text = textParam(request, name)
  if (text === undefined) return undefined
  const time = parseIso(restorePlus(text.trim()))
  if (time === undefined) throw invalid(name, text, 'an ISO 8601 time such as 2026-01-31T12:00:00')
  return time
}

/** A plus that was not escaped arrives as a space: `T12:00:00 01:00` is an offset. */
function restorePlus(text: string): string {
  return text.replace(/^(.*\d[T ]\d.*) (\d{2}:?\d{2})$/, '$1+$2')
}

export function stateParam(request: Request, name: string): StreamState | undefined {
  const text = textParam(request, name)
  if (text === undefined) return undefined
  const state = STREAM_STATES.find((candidate) => candidate === text.toLowerCase())
  if (!state) throw invalid(name, text, `one of ${STREAM_STATES.join(', ')}`)
  return state
}

export function booleanParam(request: Request, name: string): boolean {
  const text = textParam(request, name)?.toLowerCase()
  return text !== undefined && !['false', '0', 'no', 'off', 'f', 'n'].includes(text)
}

/** `limit` (200; above 1000 it is 1000) and `mark`: an id in hexadecimal, upwards with a plus before it. */
export function pageParams(request: Request): Page {
  const text = textParam(request, 'limit')?.trim()
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text)
  if (!Number.isInteger(limit) || limit < 0 || text === '') {
    throw invalid('limit', text ?? '', `a number from 0 to ${MAX_LIMIT}`)
  }
  return { limit: Math.min(limit, MAX_LIMIT), ...markParam(request) }
}

function markParam(request: Request): Pick<Page, 'mark' | 'ascending'> {
  const text = textParam(request, 'mark') ?? ''
  // A plus that was not escaped arrives as a space.
  const match = /^(-?)([+ ]?)([0-9a-f]{0,13})$/i.exec(text)
  if (!match) throw invalid('mark', text, 'a mark of an earlier answer')
  const [, minus, plus, digits] = match
  const ascending = plus !== '' && minus === ''
  return { ascending, mark: digits === '' ? undefined : Number.parseInt(digits as string, 16) }
}

/** The number in a path such as /v1/streams/17. */
export function idParam(request: Request): number {
  const text = String(request.params.id).trim()
  if (!/^-?\d{1,15}$/.test(text)) throw invalid('id', text, 'the number of a stream')
  return Number(text)
}

function invalid(name: string, value: string, expected: string): InvalidError {
  return new InvalidError(`${name}: ${JSON.stringify(value)} is not allowed, expected ${expected}`)
}
