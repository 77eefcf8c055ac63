import { z } from 'zod'
import { STREAM_STATES } from '../domain/stream.ts'
import { parseIso } from '../domain/time.ts'
import { readingsOf, type TraitCondition } from '../domain/trait-condition.ts'
import { param } from '../http/params.ts'
import type { Page } from '../store/ports/queries.ts'

// The parameters of requests. What stands in `meta` is told in /openapi.json; what is read is checked by the same.

const DEFAULT_LIMIT = 200
/** Each is a join of the inverted index. */
const MOST_TRAITS = 20
const MAX_LIMIT = 1000

const time = (description: string) =>
  param(
    { description, type: 'string', examples: ['2026-01-31T12:00:00'] },
    'an ISO 8601 time such as 2026-01-31T12:00:00',
    (text) => parseIso(restorePlus(text.trim())),
  ).optional()

const text = (description: string, example: string) =>
  z
    .string()
    .meta({ description, examples: [example] })
    .optional()

const traits = (description: string) =>
  param(
    { description, examples: ['instance_id:8f2c;memory_mb:512'] },
    `name:value, at most ${MOST_TRAITS} between semicolons`,
    parseTraits,
  ).optional()

const flag = (description: string) =>
  param({ description, type: 'boolean' }, '', (value) => !NO.has(value.toLowerCase())).optional()

const NO = new Set(['false', '0', 'no', 'off', 'f', 'n'])

const limit = param(
  {
    description: `at most so many; above ${MAX_LIMIT} it is ${MAX_LIMIT}`,
    type: 'integer',
    minimum: 0,
    default: DEFAULT_LIMIT,
  },
  `a number from 0 to ${MAX_LIMIT}`,
  parseLimit,
).optional()

const mark = param(
  {
    description:
      'a `_mark` of an earlier answer: what comes after it, downwards, or upwards with a plus before it; a plus alone begins at the oldest',
    pattern: '^-?[+ ]?[0-9a-fA-F]{0,13}$',
    examples: ['1a4', '+1a4', '+'],
  },
  'a mark of an earlier answer',
  parseMark,
).optional()

const state = param(
  { description: 'in any case', enum: [...STREAM_STATES] },
  `one of ${STREAM_STATES.join(', ')}`,
  (name) => STREAM_STATES.find((known) => known === name.toLowerCase()),
).optional()

const details = { details: flag('with the events of each'), detail: flag('the same') }

export const streamsQuery = z.object({
  older_than: time('only streams that began before it'),
  younger_than: time('only streams with an event after it'),
  state,
  trigger_name: text('only streams of this trigger', 'instance_day'),
  name: text('the same', 'instance_day'),
  distinguishing_traits: traits('only streams with all of these distinguishing traits'),
  mark,
  limit,
})

export const streamQuery = z.object(details)

export const eventsQuery = z.object({
  from_datetime: time('only events after it'),
  to_datetime: time('only events until it, itself included'),
  event_name: text('only events of this type', 'compute.instance.exists'),
  traits: traits('only events with all of these traits; `512` is the text, the int and the float'),
  mark,
  limit,
})

export const noParams = z.object({})

export const streamPath = z.object({
  id: param({ type: 'integer', description: 'the number of a stream' }, 'the number of a stream', parseId),
})

export const eventPath = z.object({
  messageId: z.string().meta({ description: 'a message_id, in any case' }),
})

/** What a page's parameters come to. */
export function pageOf(query: { limit?: number | undefined; mark?: Mark | undefined }): Page {
  const { value, ascending } = query.mark ?? { value: undefined, ascending: false }
  return { limit: query.limit ?? DEFAULT_LIMIT, mark: value, ascending }
}

/** A plus that was not escaped arrives as a space: `T12:00:00 01:00` is an offset. */
function restorePlus(value: string): string {
  return value.replace(/^(.*\d[T ]\d.*) (\d{2}(?::?\d{2})?)$/, '$1+$2')
}

function parseLimit(value: string): number | undefined {
  const number = Number(value)
  return /^\s*\d+(e\d+)?\s*$/i.test(value) && Number.isInteger(number)
    ? Math.min(number, MAX_LIMIT)
    : undefined
}

type Mark = { readonly value: number | undefined; readonly ascending: boolean }

function parseMark(value: string): Mark | undefined {
  // A plus that was not escaped arrives as a space.
  const match = /^(-?)([+ ]?)([0-9a-f]{0,13})$/i.exec(value)
  if (!match) return undefined
  const [, minus, plus, digits] = match
  const ascending = plus !== '' && minus === ''
  return { ascending, value: digits === '' ? undefined : Number.parseInt(digits as string, 16) }
}

function parseId(value: string): number | undefined {
  return /^-?\d{1,15}$/.test(value.trim()) ? Number(value) : undefined
}

/** `a:b;c:d`; a comma parts pairs too where a name and a colon follow it. Of a repeated name the last counts. */
function parseTraits(value: string): TraitCondition[] | undefined {
  const conditions = new Map<string, TraitCondition>()
  for (const pair of value.split(/;|,(?=[\w.-]+:)/)) {
    const colon = pair.indexOf(':')
    if (colon <= 0) return undefined
    const name = pair.slice(0, colon)
    conditions.set(name, { name, values: readingsOf(pair.slice(colon + 1)) })
  }
  return conditions.size <= MOST_TRAITS ? [...conditions.values()] : undefined
}
