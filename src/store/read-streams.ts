import { sql } from 'kysely'
import type { Stream } from '../domain/stream.ts'
import { holdsTraits } from '../domain/trait-condition.ts'
import type { StoreContext } from './context.ts'
import { idsByTraits } from './id-walk.ts'
import { applyPage, breathe, countRows, firstOf, type ReadBounds, rangeOf } from './page.ts'
import type { Reading } from './reading.ts'
import { stateNumber, streamOfRow } from './rows.ts'
import type { Executor } from './schema.ts'
import { readSettled } from './settled.ts'
import type { Page, StreamFilter } from './store.ts'

export function listStreams(
  context: StoreContext,
  filter: StreamFilter,
  page: Page,
  reading: Reading = {},
): Promise<Stream[]> {
  return readSettled(context, 'stream', (top) =>
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
  const rows = await applyPage(selectStreams(db, filter), 'id', page, top)
    .selectAll()
    .orderBy('id', page.ascending ? 'asc' : 'desc')
    .limit(page.limit)
    .execute(reading)
  return rows.map(streamOfRow)
}

/** How many streams there are beyond the mark, whatever the page's limit. */
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

/** The streams that meet conditions on distinguishing traits, in the page's order, in portions. */
async function* streamsByTraits(
  db: Executor,
  filter: StreamFilter,
  page: Page,
  { top, reading }: ReadBounds,
): AsyncGenerator<Stream[]> {
  const { traits = [] } = filter
  const range = await rangeOf(db, 'stream', page, top)
  if (!range) return
  for await (const ids of idsByTraits(db, 'stream', traits, range, reading)) {
    await breathe(reading)
    const rows = await selectStreams(db, filter)
      .selectAll()
      .where('id', 'in', ids)
      .orderBy('id', range.ascending ? 'asc' : 'desc')
      .execute(reading)
    yield rows.map(streamOfRow).filter((stream) => holdsTraits(stream.distinguishingTraits, traits))
  }
}

export async function findStream({ db }: StoreContext, id: number): Promise<Stream | undefined> {
  const row = await db.selectFrom('stream').selectAll().where('id', '=', id).executeTakeFirst()
  return row && streamOfRow(row)
}

function selectStreams(db: Executor, filter: StreamFilter) {
  let selected = db.selectFrom('stream')
  if (filter.name !== undefined) {
    // MySQL takes no notice of blanks at the end; bytes do.
    const bytes = Buffer.from(filter.name).toString('hex').toUpperCase()
    selected = selected.where('name', '=', filter.name).where(sql<string>`hex(name)`, '=', bytes)
  }
  if (filter.state !== undefined) selected = selected.where('state', '=', stateNumber(filter.state))
  if (filter.olderThan !== undefined) selected = selected.where('first_event', '<', filter.olderThan)
  if (filter.youngerThan !== undefined) selected = selected.where('last_event', '>', filter.youngerThan)
  return selected
}
