import { sql } from 'kysely'
import type { Stream } from '../../domain/stream.ts'
import { holdsTraits } from '../../domain/trait-condition.ts'
import type { StoreContext } from '../context.ts'
import type { Page, ReadLimits, StreamClaim, StreamFilter } from '../ports/queries.ts'
import { idIn, type StreamRow, stateNumbers, streamOfRow } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'
import { idsByTraits } from './inverted-index.ts'
import { fitting, type Listed, listedText, withTexts } from './long-texts.ts'
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
      ? firstOf(streamsByTraits(context.db, filter, page, { top, reading }), page.limit)
      : listPlain(context, filter, page, { top, reading }),
  )
}

async function listPlain(
  { db }: StoreContext,
  filter: StreamFilter,
  page: Page,
  { top, reading }: ReadBounds,
): Promise<Stream[]> {
  for (let { mark } = page; ; ) {
    const rows = await applyPage(selectStreams(db, filter), 'id', { ...page, mark }, top)
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
  { db }: StoreContext,
  filter: StreamFilter,
  page: Page,
  reading: Reading = {},
): Promise<number> {
  if (filter.traits?.length) return countRows(streamsByTraits(db, filter, page, { reading }))
  const row = await applyPage(selectStreams(db, filter), 'id', page)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow(reading)
  return Number(row.count)
}

/** Reads the streams that meet conditions on distinguishing traits, in the page's order and in portions. */
async function* streamsByTraits(
  db: Executor,
  filter: StreamFilter,
  page: Page,
  { top, reading }: ReadBounds,
): AsyncGenerator<Stream[]> {
  const { traits = [] } = filter
  const { maxBytes = Infinity } = page
  let [count, total] = [0, 0]
  const range = await rangeOf(db, 'stream', page, top)
  if (!range) return
  for await (const ids of idsByTraits(db, 'stream', traits, range, reading)) {
    await breathe(reading)
    const rows = await selectStreams(db, filter)
      .select(LISTED_COLUMNS)
      .where('id', 'in', ids)
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

function selectStreams(db: Executor, filter: StreamFilter) {
  let selected = db.selectFrom('stream')
  if (filter.name !== undefined) {
    // MySQL ignores trailing blanks in texts; a comparison of bytes does not.
    const bytes = Buffer.from(filter.name).toString('hex').toUpperCase()
    selected = selected.where('name', '=', filter.name).where(sql<string>`hex(name)`, '=', bytes)
  }
  if (filter.state !== undefined) selected = selected.where('state', 'in', stateNumbers(filter.state))
  if (filter.olderThan !== undefined) selected = selected.where('first_event', '<', filter.olderThan)
  if (filter.youngerThan !== undefined) selected = selected.where('last_event', '>', filter.youngerThan)
  return selected
}
