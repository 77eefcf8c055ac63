import type { StoreContext } from '../context.ts'
import { type Row, upsertRows } from '../insert-rows.ts'
import { idAtEnd } from '../queries/page.ts'
import { bucketOf, type Executor } from '../schema/schema.ts'
import { decodeTraits, traitHash } from '../trait-codec.ts'
import { lockTraits, NOT_YET } from './indexed-traits.ts'

/**
 * Adds the events before those that are in the index of a trait to it, at most `limit` of them, and records it. Returns
 * how many events were looked at; undefined when there is no older one.
 */
export async function indexOlder(
  tx: Executor,
  context: StoreContext,
  limit: number,
): Promise<number | undefined> {
  const oldest = await idAtEnd(tx, 'event', 'asc')
  if (oldest === undefined) return undefined
  const lagging = await laggingTraits(tx, context, oldest)
  if (lagging.length === 0) return undefined
  // With the traits locked first: whoever stores events without their rows raises from_id before it commits.
  await lockTraits(
    tx,
    context,
    lagging.map(({ name }) => name),
  )
  const current = await laggingTraits(tx, context, oldest)
  const top = Math.max(...current.map(({ from_id }) => from_id))
  const names = current.filter(({ from_id }) => from_id === top).map(({ name }) => name)
  if (names.length === 0) return 0
  const events = await tx
    .selectFrom('event')
    .select(['id', 'traits'])
    .where('id', '<', top)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  const rows = events.flatMap(({ id, traits }) => indexRows(id, traits, names, context))
  await upsertRows(tx, context.dialect, 'event_trait', rows, ['bucket', 'hash', 'event_id'], [])
  const from_id = events.length < limit ? 0 : (events.at(-1)?.id ?? 0)
  await tx
    .updateTable('indexed_trait')
    .set({ from_id })
    .where('name', 'in', names)
    .where('from_id', '=', top)
    .execute()
  return events.length
}

/** Returns the traits of this store that are not in the index for all events. */
function laggingTraits(
  tx: Executor,
  { indexedTraits }: StoreContext,
  oldest: number,
): Promise<{ readonly name: string; readonly from_id: number }[]> {
  if (indexedTraits.size === 0) return Promise.resolve([])
  return tx
    .selectFrom('indexed_trait')
    .select(['name', 'from_id'])
    .where('name', 'in', [...indexedTraits])
    .where('from_id', '>', oldest)
    .where('from_id', '<', NOT_YET)
    .execute()
}

function indexRows(id: number, json: string, names: readonly string[], { dialect }: StoreContext): Row[] {
  const traits = decodeTraits(json)
  return names.flatMap((name) => {
    const trait = Object.hasOwn(traits, name) ? traits[name] : undefined
    if (!trait) return []
    return [{ bucket: bucketOf(id), hash: dialect.bytes(traitHash(name, trait)), event_id: id }]
  })
}
