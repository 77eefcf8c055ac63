import { z } from 'zod'
import { OUTCOMES } from '../domain/action.ts'
import { STREAM_STATES, type StreamState } from '../domain/stream.ts'
import { isValueCondition, type TraitCondition } from '../domain/trait-condition.ts'
import { DIMENSIONS } from '../explain/levels/service-levels.ts'
import { param } from '../http/params.ts'
import type { Comparison, Page } from '../store/ports/queries.ts'
import { NAME_FORMS, parseFilterPattern, parseNameFilter } from '../text/filter-pattern.ts'
import { NAMED_TIME_FORMS, parseNamedTime } from '../text/named-time.ts'
import { parseTraitFilter, TRAIT_FORMS } from '../text/trait-filter.ts'

// The parameters of requests: the same schemas check them and, with `meta`, describe them in /openapi.json.

export const DEFAULT_LIMIT = 200
const MAX_LIMIT = 1000
/** Most numbers of rows in a filter. */
const MOST_IDS = 500

const LEVEL_FORMATS = ['json', 'csv', 'prometheus'] as const

const time = (description: string) =>
  param(
    { description, type: 'string', examples: ['2026-01-31T12:00:00', 'yesterday', '-1h'] },
    NAMED_TIME_FORMS,
    (text) => parseNamedTime(restorePlus(text.trim()), Date.now() * 1000),
  ).optional()

const text = (description: string, example: string) =>
  z
    .string()
    .meta({ description, examples: [example] })
    .optional()

const name = (description: string, example: string, glob: string) =>
  param(
    { description: `${description}; ${NAME_FORMS}`, type: 'string', examples: [example, glob] },
    'a name',
    parseNameFilter,
  ).optional()

const traits = (description: string) =>
  param(
    {
      description: `${description}; \`512\` is the text, the int and the float; [more](#filters)`,
      examples: ['instance_id:8f2c;memory_mb:512', 'instance_id:wide*', 'memory_mb:>512', 'state:!active'],
    },
    TRAIT_FORMS,
    (filter) => parseTraitFilter(filter, Date.now() * 1000),
  ).optional()

/** Traits with plain values, all of which the events of one story have. */
const plainTraits = (description: string) =>
  param(
    { description, examples: ['instance_id:8f2c'] },
    `${TRAIT_FORMS.split(',')[0]}, values without * and operators`,
    (filter) => plainConditions(parseTraitFilter(filter, Date.now() * 1000)),
  ).optional()

function plainConditions(conditions: readonly TraitCondition[] | undefined) {
  const plain = conditions?.filter(isValueCondition)
  return plain?.length === conditions?.length ? plain : undefined
}

const flag = (description: string) =>
  param({ description, type: 'boolean' }, '', (value) => !NO.has(value.toLowerCase())).optional()

const NO = new Set(['false', '0', 'no', 'off', 'f', 'n'])

const limit = param(
  {
    description: `most rows of a page; values above ${MAX_LIMIT} count as ${MAX_LIMIT}`,
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
      'a `_mark` of an earlier answer: the page begins after it and goes to older rows, or to newer ones with a plus before it; a plus alone begins at the oldest row',
    pattern: '^-?[+ ]?[0-9a-fA-F]{0,13}$',
    examples: ['1a4', '+1a4', '+'],
  },
  'a mark of an earlier answer',
  parseMark,
).optional()

const state = param(
  {
    description: 'in any case; after `!` all other states',
    enum: [...STREAM_STATES, ...STREAM_STATES.map((known) => `!${known}`)],
  },
  `one of ${STREAM_STATES.join(', ')}, or one of them after ! for all others`,
  parseState,
).optional()

const details = {
  counts: flag('whether `event_count` and `attempts` are included'),
  details: flag('whether the events are included'),
  detail: flag('another name of `details`'),
}

const ids = (what: string) =>
  param(
    { description: `only those with these numbers, at most ${MOST_IDS}`, examples: ['17', '17,18'] },
    `the numbers of ${what}, separated by commas, at most ${MOST_IDS}`,
    parseIds,
  ).optional()

export const streamsQuery = z.object({
  ids: ids('streams'),
  last_error: text(
    'only streams whose last error holds this text, or matches this pattern with `*` and `?`, in any case',
    '*timeout*',
  ),
  attempts: param(
    {
      description: 'only streams whose runs were begun so often since the last reset',
      examples: ['3', '>=3'],
    },
    'a whole number, perhaps with <, <=, =, >= or > before it',
    parseComparison,
  ).optional(),
  older_than: time('only streams that began before this time'),
  younger_than: time('only streams with an event after this time'),
  state,
  trigger_name: name('only streams of this trigger', 'instance_day', 'instance_*'),
  name: name('another name of `trigger_name`', 'instance_day', 'instance_*'),
  distinguishing_traits: traits('only streams with all of these distinguishing traits'),
  counts: details.counts,
  mark,
  limit,
})

export const streamQuery = z.object(details)

export const eventsQuery = z.object({
  from_datetime: time('only events after this time'),
  to_datetime: time('only events until this time, itself included'),
  event_name: name('only events of this type', 'compute.instance.exists', 'compute.*'),
  traits: traits('only events with all of these traits'),
  mark,
  limit,
})

export const deadLettersQuery = z.object({
  ids: ids('dead letters'),
  stage: text('only those of this stage', 'distill'),
  queue: text('only those of this queue', 'monitor.info'),
  reason: text(
    'only those whose reason holds this text, or matches this pattern with `*` and `?`, in any case',
    'not an integer',
  ),
  stream: param(
    { type: 'integer', description: 'only those of this stream' },
    'the number of a stream',
    parseId,
  ).optional(),
  from_datetime: time('only those kept after this time'),
  to_datetime: time('only those kept before this time'),
  mark,
  limit,
})

export const samplesQuery = z.object({
  step: param(
    { description: 'seconds between two samples: 5 (unless given) or 60', type: 'integer', enum: [5, 60] },
    '5 or 60',
    (value) => [5, 60].find((known) => String(known) === value.trim()),
  ).optional(),
  after: param(
    {
      description: 'only samples after this time, in seconds since the epoch, such as the last `at`',
      type: 'number',
    },
    'a time in seconds since the epoch',
    (value) => (/^\d{1,12}(?:\.\d{1,9})?$/.test(value.trim()) ? Number(value) : undefined),
  ).optional(),
})

export const levelsQuery = z.object({
  by: param(
    {
      description:
        'what to tell apart beside the operation: region (trait `region`, else `availability_zone`), host or flavour',
      enum: [...DIMENSIONS],
    },
    DIMENSIONS.join(', '),
    (value) => DIMENSIONS.find((known) => known === value.toLowerCase()),
  ).optional(),
  from_datetime: time('only operations that began at this time or later'),
  to_datetime: time('only operations that began before this time'),
  format: param(
    { description: 'form of the answer (json)', enum: [...LEVEL_FORMATS] },
    LEVEL_FORMATS.join(', '),
    (value) => LEVEL_FORMATS.find((known) => known === value.toLowerCase()),
  ).optional(),
})

export const timelineQuery = z.object({
  traits: plainTraits('traits that all events of the story have'),
  of: text('a bare value, such as a uuid, a request id or a tenant, in place of `traits`', '8f2c'),
  from_datetime: time('only events after this time'),
  to_datetime: time('only events until this time, itself included'),
  fold: flag('whether updates that follow each other are one entry (true)'),
})

export const notificationsQuery = z.object({
  queue: text(
    'queue of yagi.conf in whose place they come: its filters, apps and archive count (the only one there is)',
    'monitor.info',
  ),
})

export const archivesQuery = z.object({
  after: text(
    '`file` of the last row of an earlier answer: the page begins behind it',
    'events_2026_01_31_12_00_00.gz',
  ),
  limit,
})
export const droppedQuery = z.object({ queue: text('only those of this queue', 'monitor.info'), limit })

export const actionsQuery = z.object({ mark, limit })

export const actionPath = z.object({
  id: param({ type: 'integer', description: 'the number of an action' }, 'the number of an action', parseId),
})

export const actionResultsQuery = z.object({
  outcome: param(
    { description: 'only items with this outcome', enum: [...OUTCOMES] },
    `one of ${OUTCOMES.join(', ')}`,
    (name) => OUTCOMES.find((known) => known === name.toLowerCase()),
  ).optional(),
  mark,
  limit,
})

export const noParams = z.object({})

export const streamPath = z.object({
  id: param({ type: 'integer', description: 'the number of a stream' }, 'the number of a stream', parseId),
})

export const deadLetterPath = z.object({
  id: param(
    { type: 'integer', description: 'the number of a dead letter' },
    'the number of a dead letter',
    parseId,
  ),
})

export const eventPath = z.object({
  messageId: z.string().meta({ description: 'a message_id, in any case' }),
})

/** Returns the page that the parameters `limit` and `mark` ask for. */
export function pageOf(query: { limit?: number | undefined; mark?: Mark | undefined }): Page {
  const { value, ascending } = query.mark ?? { value: undefined, ascending: false }
  return { limit: query.limit ?? DEFAULT_LIMIT, mark: value, ascending }
}

/** Restores a plus that was not escaped and arrived as a space: `T12:00:00 01:00` is an offset. */
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

type StateFilter = { readonly state: StreamState; readonly isNegated: boolean }

function parseState(value: string): StateFilter | undefined {
  const { text, isNegated, comparison } = parseFilterPattern(value)
  const state = STREAM_STATES.find((known) => known === text.toLowerCase())
  return state && comparison === undefined ? { state, isNegated } : undefined
}

function parseId(value: string): number | undefined {
  return /^-?\d{1,15}$/.test(value.trim()) ? Number(value) : undefined
}

function parseIds(value: string): number[] | undefined {
  const numbers = value.split(',').map(parseId)
  const found = numbers.filter((id) => id !== undefined)
  return found.length === numbers.length && found.length <= MOST_IDS ? found : undefined
}

function parseComparison(value: string): Comparison | undefined {
  const [, operator = '=', digits] = /^\s*(<=|>=|<|>|=)?\s*(\d{1,9})\s*$/.exec(value) ?? []
  if (digits === undefined) return undefined
  return { operator: operator as Comparison['operator'], value: Number(digits) }
}
