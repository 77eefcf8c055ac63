import { sql } from 'kysely'
import type { StoreContext } from '../context.ts'

/**
 * Reads a page of a list without gaps. Ids become visible out of order while several writers store. A page
 * that reaches above the ids that are known to be complete waits once for the transactions under way, and is
 * read again up to the same top (docs/architecture/store.md, Pages without gaps). `read` must return no ids
 * above `top`.
 */
export async function readVisible<T extends { readonly id: number }>(
  context: StoreContext,
  table: 'event' | 'stream',
  read: (top: number) => Promise<T[]>,
): Promise<T[]> {
  // Taken before reading: what others learn during the read does not apply to its rows.
  const visibleUpTo = context.visibleUpTo[table]
  const rows = await read(Number.MAX_SAFE_INTEGER)
  const top = rows.reduce((highest, { id }) => Math.max(highest, id), 0)
  if (top <= visibleUpTo) return rows
  await waitForWriters(context)
  context.visibleUpTo[table] = Math.max(context.visibleUpTo[table], top)
  return read(top)
}

/** Resolves when the storing transactions that are under way now have ended. */
export function waitForWriters(context: StoreContext): Promise<void> {
  // Where one transaction locks the whole database, ids become visible in order.
  if (context.dialect.hasOneConnection) return Promise.resolve()
  const { waits } = context
  if (!waits.current) {
    waits.current = waitNow(context).finally(() => {
      delete waits.current
    })
    return waits.current
  }
  waits.next ??= waits.current
    .catch(() => {})
    .then(() => {
      delete waits.next
      return waitForWriters(context)
    })
  return waits.next
}

async function waitNow({ db, dialect }: StoreContext): Promise<void> {
  const writers = await db.selectFrom('writer').select('id').execute()
  const idle = await db.selectFrom('writer').select('id').modifyEnd(sql.raw(dialect.skipLocked)).execute()
  const isIdle = new Set(idle.map(({ id }) => id))
  for (const { id } of writers) {
    if (isIdle.has(id)) continue
    // Not shared: a row that several transactions of its process have locked together has to be waited for. Rows are locked
    // one at a time and released at once.
    await db
      .selectFrom('writer')
      .select('id')
      .where('id', '=', id)
      .modifyEnd(sql.raw(dialect.forUpdate))
      .execute()
  }
}
