import { UsageError } from '../cli/program.ts'
import type { RestAction } from '../formats/action-form.ts'
import type { RestDeadLetter } from '../formats/dead-letter-form.ts'
import type { RestEvent, RestStream, RestValue } from '../formats/rest-form.ts'
import type { RestShipHost } from '../formats/ship-form.ts'
import type { RestDropped, RestTrigger } from '../formats/tally-form.ts'
import { formatDuration } from '../text/format-duration.ts'
import { didYouMean } from '../text/suggest.ts'
import { plainText } from './format-value.ts'

/** Values of a row by column. */
export type Cells = { readonly [column: string]: RestValue }

/** The columns of a kind of rows. */
export type Columns<T> = {
  /** columns that a list shows unless others are chosen */
  readonly shown: readonly string[]
  /** columns of every row, in their order; they stand before those that only some rows have */
  readonly fixed: readonly string[]
  readonly cells: (row: T) => Cells
}

export const STREAM_TIMES = ['first_event', 'last_event', 'fire_timestamp', 'expire_timestamp'] as const

/** Columns of streams: each trait as `trait.NAME`, and all in `traits` as --traits takes them. */
export const STREAM_COLUMNS: Columns<RestStream> = {
  shown: [
    ...['id', 'name', 'state', 'first_event', 'last_event', 'event_count', 'attempts'],
    ...['traits', 'last_error'],
  ],
  fixed: ['id', 'state', 'name', ...STREAM_TIMES, 'event_count', 'attempts', 'last_error'],
  cells(stream) {
    const traits = Object.entries(stream.distinguishing_traits)
    return {
      id: stream.id,
      state: stream.state,
      name: stream.name,
      ...Object.fromEntries(STREAM_TIMES.map((name) => [name, stream[name]])),
      ...Object.fromEntries(traits.map(([name, value]) => [`trait.${name}`, value])),
      ...(stream.event_count === undefined ? {} : { event_count: stream.event_count }),
      ...(stream.attempts === undefined ? {} : { attempts: stream.attempts }),
      ...(stream.last_error === undefined ? {} : { last_error: stream.last_error }),
      ...(stream.events ? { events: stream.events.map(({ message_id }) => message_id).join(' ') } : {}),
      traits: traits.map(([name, value]) => `${name}:${plainText(value)}`).join(';'),
      _mark: stream._mark,
    }
  },
}

/** Columns of dead letters. */
export const DEAD_LETTER_COLUMNS: Columns<RestDeadLetter> = {
  shown: ['id', 'at', 'stage', 'queue', 'bytes', 'reason'],
  fixed: ['id', 'at', 'stage', 'queue', 'bytes', 'reason'],
  cells: ({ body, _mark, ...letter }) => ({
    ...letter,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : body.base64 }),
    ...(_mark === undefined ? {} : { _mark }),
  }),
}

/** Columns of bulk actions. */
export const ACTION_COLUMNS: Columns<RestAction> = {
  shown: ['id', 'created_at', 'token', 'action', 'target', 'filter', 'total', 'state'],
  fixed: ['id', 'created_at', 'ended_at', 'token', 'action', 'target', 'filter', 'total', 'state', 'error'],
  cells: ({ filter, outcomes, ...action }) => ({
    ...action,
    filter: Object.entries(filter)
      .map(([name, text]) => `${name}=${text}`)
      .join(' '),
    ...outcomes,
  }),
}

/** Columns of dropped notifications. */
export const DROPPED_COLUMNS: Columns<RestDropped> = {
  shown: ['queue', 'event_type', 'count', 'last_at'],
  fixed: ['queue', 'event_type', 'count', 'first_at', 'last_at'],
  cells: (dropped) => ({ ...dropped }),
}

/** Columns of triggers. */
export const TRIGGER_COLUMNS: Columns<RestTrigger> = {
  shown: [
    'name',
    'matched',
    'mismatched',
    'active',
    'ready',
    'fired',
    'expired',
    'failed',
    'errors',
    'to_fire',
  ],
  fixed: [
    'name',
    'is_configured',
    'matched',
    'mismatched',
    'misplaced',
    'ready',
    'fired',
    'expired',
    'failed',
  ],
  cells({
    streams,
    mismatches,
    distinguished_by,
    mean_seconds_to_fire,
    is_configured,
    criteria: _,
    ...trigger
  }) {
    const [commonest] = mismatches
    return {
      ...trigger,
      is_configured: String(is_configured),
      distinguished_by: distinguished_by.join(' '),
      ...streams,
      errors: (streams.error ?? 0) + (streams.expire_error ?? 0),
      to_fire: mean_seconds_to_fire === null ? '' : formatDuration(mean_seconds_to_fire * 1e6),
      mean_seconds_to_fire,
      mismatch: commonest ? `${commonest.count} × ${commonest.reason}` : '',
    }
  },
}

/** Columns of hosts that ship files. */
export const SHIP_COLUMNS: Columns<RestShipHost> = {
  shown: [
    ...['host', 'connected', 'last_contact', 'shipped_files', 'shipped_bytes', 'pending_files'],
    ...['pending_bytes', 'oldest', 'errors'],
  ],
  fixed: [
    ...['host', 'connected', 'last_contact', 'shipped_files', 'shipped_bytes', 'deleted_files'],
    ...['deleted_bytes', 'pending_files', 'pending_bytes', 'oldest', 'oldest_due_at', 'errors', 'hindrance'],
  ],
  cells({ oldest, errors, connected, hindrance, ...host }) {
    const told = Object.entries(errors).map(([kind, count]) => `${count} × ${kind}`)
    return {
      ...host,
      connected: connected ? 'yes' : 'no',
      oldest: oldest === null ? '' : `${oldest.path}: ${oldest.error}`,
      oldest_due_at: oldest?.due_at ?? '',
      errors: told.join(', '),
      hindrance: hindrance ?? '',
    }
  },
}

/** Columns of events: the three that all have, and each trait. */
export const EVENT_COLUMNS: Columns<RestEvent> = {
  shown: ['timestamp', 'event_type', 'message_id'],
  fixed: ['timestamp', 'event_type', 'message_id'],
  cells: (event) => ({ ...event }),
}

/** Columns that CSV, JSON and YAML leave out unless they are chosen: others hold the same. */
const DERIVED = new Set(['traits'])

/** Returns all columns of rows: those that every row has, then the others by name, then the mark. */
export function allColumns(
  columns: Pick<Columns<never>, 'fixed'>,
  rows: readonly Cells[],
): readonly string[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)))
  const others = [...names].filter((name) => !columns.fixed.includes(name) && name !== '_mark')
  const kept = others.filter((name) => !DERIVED.has(name)).sort()
  return [...columns.fixed, ...kept, ...(names.has('_mark') ? ['_mark'] : [])]
}

/** Throws UsageError for chosen columns that none of the rows has, with those that they have. */
export function requireColumns(
  chosen: readonly string[],
  columns: Pick<Columns<never>, 'fixed'>,
  rows: readonly Cells[],
): void {
  if (rows.length === 0) return
  const known = [...new Set([...allColumns(columns, rows), ...rows.flatMap((row) => Object.keys(row))])]
  const wrong = chosen.find((name) => !known.includes(name))
  if (wrong !== undefined)
    throw new UsageError(
      `no row has a column ${wrong}; known are ${known.join(', ')}${didYouMean(wrong, known)}`,
    )
}

/** Compares two values of a column: numbers by size, all else as text; what is missing comes first. */
export function compareCells(a: RestValue | undefined, b: RestValue | undefined): number {
  const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint'
  if (isNumber(a) && isNumber(b)) return Number(a) < Number(b) ? -1 : Number(a) > Number(b) ? 1 : 0
  const [left, right] = [plainText(a ?? null), plainText(b ?? null)]
  return left < right ? -1 : left > right ? 1 : 0
}
