import { sql } from 'kysely'
import type { Stream } from '../../domain/stream.ts'
import { holdsTraits, isValueCondition } from '../../domain/trait-condition.ts'
import type { StoreContext } from '../context.ts'
import type { Page, ReadLimits, StreamClaim, StreamFilter } from '../ports/queries.ts'
import { idIn, type StreamRow, stateNumbers, streamOfRow } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'
import { mayMeet } from './holds-condition.ts'
import { holdsText } from './holds-text.ts'
import { beyond, type IdRange, idsByTraits } from './inverted-index.ts'
import { fitting, type Listed, listedText, withTexts } from './long-texts.ts'
import { matchesPattern } from './matches-pattern.ts'
import { applyPage, breathe, countRows, firstOf, type ReadBounds, rangeOf } from './page.ts'
import type { Reading } from './reading.ts'
import { readVisible } from './visible-page.ts'

/**
 * The columns of a listed stream; distinguishing traits that are long are read later, when they are wanted.
 */
const LISTED_COLUMNS = [
  'id',
  'name',
  'state',
  'state_serial_no',
  'event_count',
  'generation',
  'first_event',
  'last_event',
  'expire_timestamp',
  'fire_timestamp',
  'progress',
  'attempts',
  'last_error',
  ...listedText('distinguishing_traits'),
] as const

type ListedStream = Omit<StreamRow, 'distinguishing_traits'> & Listed

/** Yields the streams of listed rows with their bytes, in portions of bounded size. */
async function* streamsOfListed(
  db: Executor,
  rows: readonly ListedStream[],
  limits: ReadLimits,
  reading: Reading,
): AsyncGenerator<{ stream: Stream; bytes: number }[]> {
  const read = (ids: readonly number[]) =>
    db
      .selectFrom('stream')
      .select(['id', 'distinguishing_traits as text'])
      .where(idIn('id', ids))
      .execute(reading)
  for await (const portion of withTexts(rows, read, limits))
    yield portion.map(({ text, bytes, ...row }) => ({
      stream: streamOfRow({ ...row, distinguishing_traits: text }),
      bytes: Number(bytes),
    }))
}

export function listStreams(
  context: StoreContext,
  filter: StreamFilter,
  page: Page,
  reading: Reading = {},
): Promise<Stream[]> {
  return readVisible(context, 'stream', (top) =>
    filter.traits?.length
      ? firstOf(streamsByTraits(context, filter, page, { top, reading }), page.limit)
      : listPlain(context, filter, page, { top, reading }),
  )
}

async function listPlain(
  context: StoreContext,
  filter: StreamFilter,
  page: Page,
  { top, reading }: ReadBounds,
): Promise<Stream[]> {
  const { db } = context
  for (let { mark } = page; ; ) {
    const rows = await applyPage(selectStreams(context, filter), 'id', { ...page, mark }, top)
      .select(LISTED_COLUMNS)
      .orderBy('id', page.ascending ? 'asc' : 'desc')
      .limit(page.limit)
      .execute(reading)
    const first = fitting(rows, page)
    const listed: Stream[] = []
    for await (const portion of streamsOfListed(db, first, page, reading))
      listed.push(...portion.map(({ stream }) => stream))
    mark = first.at(-1)?.id
    // All rows were deleted meanwhile: an empty page would end the list.
    if (listed.length > 0 || mark === undefined) return listed
  }
}

/** Counts the streams beyond the page's mark, whatever the page's limit. */
export async function countStreams(
  context: StoreContext,
  filter: StreamFilter,
  page: Page,
  reading: Reading = {},
): Promise<number> {
  if (filter.traits?.length) return countRows(streamsByTraits(context, filter, page, { reading }))
  const row = await applyPage(selectStreams(context, filter), 'id', page)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow(reading)
  return Number(row.count)
}

/** Reads the streams that meet conditions on distinguishing traits, in the page's order and in portions. */
export async function* streamsByTraits(
  context: StoreContext,
  filter: StreamFilter,
  page: Page,
  { top, reading }: ReadBounds,
): AsyncGenerator<Stream[]> {
  const { db } = context
  const { traits = [] } = filter
  const { maxBytes = Infinity } = page
  let [count, total] = [0, 0]
  const range = await rangeOf(db, 'stream', page, top)
  if (!range) return
  for await (const select of candidates(db, filter, range, reading)) {
    await breathe(reading)
    const rows = await select(selectStreams(context, filter))
      .select(LISTED_COLUMNS)
      .orderBy('id', range.ascending ? 'asc' : 'desc')
      .execute(reading)
    for await (const portion of streamsOfListed(db, rows, page, reading)) {
      const found: Stream[] = []
      for (const { stream, bytes } of portion) {
        if (!holdsTraits(stream.distinguishingTraits, traits)) continue
        total += bytes
        if (total > maxBytes && count > 0) return yield found
        count++
        found.push(stream)
      }
      yield found
    }
  }
}

/** Streams that one query looks through where no index helps. */
const READ_AT_A_TIME = 4096

/**
 * Yields restrictions to streams that may meet the conditions, in the range's order: by the inverted index where a
 * condition names a value, else to one part of the ids after another.
 */
async function* candidates(
  db: Executor,
  { traits = [] }: StreamFilter,
  range: IdRange,
  reading: Reading,
): AsyncGenerator<(streams: SelectedStreams) => SelectedStreams> {
  const indexed = traits.filter(isValueCondition)
  if (indexed.length > 0) {
    for await (const ids of idsByTraits(db, 'stream', indexed, range, reading))
      yield (streams) => streams.where('id', 'in', ids)
    return
  }
  const conditions = traits.map((one) => mayMeet('distinguishing_traits', one))
  for (let rest = range; rest.low <= rest.high; ) {
    const { low, high, ascending } = rest
    const end = ascending
      ? Math.min(high, low + READ_AT_A_TIME - 1)
      : Math.max(low, high - READ_AT_A_TIME + 1)
    const [first, last] = ascending ? [low, end] : [end, high]
    yield (streams) =>
      conditions.reduce(
        (some, one) => some.where(one),
        streams.where('id', '>=', first).where('id', '<=', last),
      )
    rest = beyond(rest, end)
  }
}

export async function findStream(
  { db }: StoreContext,
  id: number,
  limits: ReadLimits = {},
): Promise<Stream | undefined> {
  const rows = await db.selectFrom('stream').select(LISTED_COLUMNS).where('id', '=', id).execute()
  for await (const [found] of streamsOfListed(db, rows, limits, {})) return found?.stream
  return undefined
}

/** Finds who runs a stream, or when it is tried again. */
export async function findClaim({ db, dialect }: StoreContext, id: number): Promise<StreamClaim | undefined> {
  const left = sql<number | null>`lease_until - ${sql.raw(dialect.machineNow)}`
  const row = await db
    .selectFrom('stream')
    .select(['claimed_by', 'is_quiet', left.as('left')])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) return undefined
  const leaseLeft = row.left === null ? null : Number(row.left)
  return { claimedBy: row.claimed_by, leaseLeft, isQuiet: row.is_quiet === 1 }
}

type SelectedStreams = ReturnType<typeof selectStreams>

export function selectStreams({ db, dialect }: StoreContext, filter: StreamFilter) {
  let selected = db.selectFrom('stream')
  if (filter.name !== undefined) selected = selected.where(matchesPattern(dialect, 'name', filter.name))
  if (filter.notState !== undefined)
    selected = selected.where('state', 'not in', stateNumbers(filter.notState))
  if (filter.state !== undefined) selected = selected.where('state', 'in', stateNumbers(filter.state))
  if (filter.ids !== undefined) selected = selected.where(idIn('id', [0, ...filter.ids]))
  if (filter.lastError !== undefined) selected = selected.where(holdsText('last_error', filter.lastError))
  if (filter.attempts !== undefined)
    selected = selected.where('attempts', filter.attempts.operator, filter.attempts.value)
  if (filter.olderThan !== undefined) selected = selected.where('first_event', '<', filter.olderThan)
  if (filter.youngerThan !== undefined) selected = selected.where('last_event', '>', filter.youngerThan)
  return selected
}
