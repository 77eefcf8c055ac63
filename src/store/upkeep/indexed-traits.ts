import { sql } from 'kysely'
import type { StoreContext } from '../context.ts'
import { upsertRows } from '../insert-rows.ts'
import { idAtEnd } from '../queries/page.ts'
import { waitForWriters } from '../queries/visible-page.ts'
import type { Executor } from '../schema/schema.ts'
import { inTransaction } from '../transaction.ts'

// `indexed_trait` has, for each trait, the id from which on every event with the trait is in the inverted
// index. A writer that starts indexes all traits of the table. A writer that was running when a trait was
// added moves that id beyond the events that it stores.

/** Marks a trait that is to be indexed, while other writers may still store events without indexing it. */
export const NOT_YET = Number.MAX_SAFE_INTEGER

/** Returns the traits that a writer has to index: those of its configuration and those of other writers. */
export async function traitsToIndex(db: Executor, configured: Iterable<string>): Promise<Set<string>> {
  const known = await db.selectFrom('indexed_trait').select('name').execute()
  return new Set([...configured, ...known.map(({ name }) => name)])
}

/** Records that the traits of this context are indexed from now on. */
export async function noteIndexedTraits(context: StoreContext): Promise<void> {
  const { db, dialect, indexedTraits } = context
  const found = await db.selectFrom('indexed_trait').select('name').where('from_id', '<', NOT_YET).execute()
  const names = new Set(found.map(({ name }) => name))
  const added = [...indexedTraits].filter((name) => !names.has(name))
  if (added.length === 0) return
  const rows = added.map((name) => ({ name, from_id: NOT_YET }))
  await upsertRows(db, dialect, 'indexed_trait', rows, ['name'], [])
  // Transactions under way may not have seen the new rows; those that have hold locks on them until they end.
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

/**
 * Records that traits which others index were stored without an index entry, up to the event `newestId`:
 * their index is complete only after it.
 */
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

/** Locks traits in the order of their names, as all transactions do. */
export async function lockTraits(
  tx: Executor,
  { dialect }: StoreContext,
  names: readonly string[],
): Promise<void> {
  await tx
    .selectFrom('indexed_trait')
    .select('name')
    .where('name', 'in', names)
    .orderBy('name')
    .modifyEnd(sql.raw(dialect.forUpdate))
    .execute()
}
