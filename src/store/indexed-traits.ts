import type { SqlDialect } from './dialect.ts'
import { insertRows } from './insert-rows.ts'
import type { Executor } from './schema.ts'

/** Notes from which event on each trait is indexed; older events are found by reading them. */
export async function noteIndexedTraits(
  tx: Executor,
  dialect: SqlDialect,
  indexed: ReadonlySet<string>,
): Promise<void> {
  const known = await tx.selectFrom('indexed_trait').select('name').execute()
  const names = new Set(known.map(({ name }) => name))
  const added = [...indexed].filter((name) => !names.has(name))
  if (added.length === 0) return
  const newest = await tx.selectFrom('event').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst()
  const from_id = (newest?.id ?? 0) + 1
  await insertRows(
    tx,
    dialect,
    'indexed_trait',
    added.map((name) => ({ name, from_id })),
  )
}
