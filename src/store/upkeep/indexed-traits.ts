import { sql } from 'kysely'
import type { StoreContext } from '../context.ts'
import { upsertRows } from '../insert-rows.ts'
import { idAtEnd } from '../queries/page.ts'
import { waitForWriters } from '../queries/visible-page.ts'
import type { Executor } from '../schema/schema.ts'
import { inTransaction } from '../transaction.ts'

// `indexed_trait` says from which event on every event with a trait is in the inverted index. Once a trait is there
// every writer that starts indexes it; one that runs already when it comes moves the mark with what it stores.

/** A trait that is to be indexed, while others may still store events without it. */
const NOT_YET = Number.MAX_SAFE_INTEGER

/** The traits that a writer has to index: those of its configuration, and those that others do. */
export async function traitsToIndex(db: Executor, configured: Iterable<string>): Promise<Set<string>> {
  const known = await db.selectFrom('indexed_trait').select('name').execute()
  return new Set([...configured, ...known.map(({ name }) => name)])
}

/** Notes that the traits of this context are indexed from now on. */
export async function noteIndexedTraits(context: StoreContext): Promise<void> {
  const { db, dialect, indexedTraits } = context
  const found = await db.selectFrom('indexed_trait').select('name').where('from_id', '<', NOT_YET).execute()
  const names = new Set(found.map(({ name }) => name))
  const added = [...indexedTraits].filter((name) => !names.has(name))
  if (added.length === 0) return
  const rows = added.map((name) => ({ name, from_id: NOT_YET }))
  await upsertRows(db, dialect, 'indexed_trait', rows, ['name'], [])
  // Transactions that are under way may not have seen it; those that have hold its row until they have ended.
  await waitForWriters(context)
  await inTransaction(db, dialect, async (tx) => {
    await lockTraits(tx, context, added)
    const newest = (await idAtEnd(tx, 'event', 'desc')) ?? 0
    await tx
      .updateTable('indexed_trait')
      .set({ from_id: newest + 1 })
      .where('name', 'in', added)
      .where('from_id', '=', NOT_YET)
      .execute()
  })
}

/** Where this transaction stored events without a trait that others index, the index is good only after them. */
export async function noteUnindexed(tx: Executor, context: StoreContext, newestId: number): Promise<void> {
  const known = await tx.selectFrom('indexed_trait').select('name').execute()
  const missing = known.map(({ name }) => name).filter((name) => !context.indexedTraits.has(name))
  if (missing.length === 0) return
  await lockTraits(tx, context, missing)
  await tx
    .updateTable('indexed_trait')
    .set({ from_id: newestId + 1 })
    .where('name', 'in', missing)
    .where('from_id', '<=', newestId)
    .execute()
}

/** In the order of names, as everybody does it. */
async function lockTraits(tx: Executor, { dialect }: StoreContext, names: readonly string[]): Promise<void> {
  await tx
    .selectFrom('indexed_trait')
    .select('name')
    .where('name', 'in', names)
    .orderBy('name')
    .modifyEnd(sql.raw(dialect.forUpdate))
    .execute()
}
