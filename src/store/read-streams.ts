import type { Stream } from '../domain/stream.ts'
import type { StoreContext } from './context.ts'
import { applyPage } from './page.ts'
import { stateNumber, streamOfRow } from './rows.ts'
import type { Executor } from './schema.ts'
import type { Page, StreamFilter } from './store.ts'

export async function listStreams({ db }: StoreContext, filter: StreamFilter, page: Page): Promise<Stream[]> {
  const rows = await applyPage(selectStreams(db, filter), 'id', page)
    .selectAll()
    .orderBy('id', page.ascending ? 'asc' : 'desc')
    .limit(page.limit)
    .execute()
  return rows.map(streamOfRow)
}

/** How many streams there are beyond the mark, whatever the page's limit. */
export async function countStreams({ db }: StoreContext, filter: StreamFilter, page: Page): Promise<number> {
  const row = await applyPage(selectStreams(db, filter), 'id', page)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

export async function findStream({ db }: StoreContext, id: number): Promise<Stream | undefined> {
  const row = await db.selectFrom('stream').selectAll().where('id', '=', id).executeTakeFirst()
  return row && streamOfRow(row)
}

function selectStreams(db: Executor, filter: StreamFilter) {
  let selected = db.selectFrom('stream')
  if (filter.name !== undefined) selected = selected.where('name', '=', filter.name)
  if (filter.state !== undefined) selected = selected.where('state', '=', stateNumber(filter.state))
  if (filter.olderThan !== undefined) selected = selected.where('first_event', '<', filter.olderThan)
  if (filter.youngerThan !== undefined) selected = selected.where('last_event', '>', filter.youngerThan)
  return selected
}
