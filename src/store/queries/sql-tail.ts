import type { StoreContext } from '../context.ts'
import type { StreamChangeRecord, Tail, Tops } from '../ports/tail.ts'
import { stateOfNumber } from '../rows.ts'
import type { SqlSession } from '../sql-session.ts'
import { decodeDistinguishingTraits } from '../trait-codec.ts'
import { waitForWriters } from './visible-page.ts'

const TABLES = { event: 'event', stream: 'stream', change: 'stream_change', letter: 'dead_letter' } as const

export function createSqlTail({ context, query }: SqlSession): Tail {
  let known: Tops | undefined

  /** Waits only where something has come since the last time. */
  async function readTops(): Promise<Tops> {
    const tops = await highestIds(context)
    const isNew = (Object.keys(TABLES) as (keyof Tops)[]).some(
      (table) => tops[table] > (known?.[table] ?? -1),
    )
    if (isNew) await waitForWriters(context)
    known = tops
    return tops
  }

  return {
    readTops: () => query(readTops),
    listChanges: (range, limit) => query(() => listChanges(context, range, limit)),
    oldestChange: () => query(() => oldestChange(context)),
  }
}

async function highestIds({ db }: StoreContext): Promise<Tops> {
  const highest = (table: (typeof TABLES)[keyof Tops]) =>
    db.selectFrom(table).select('id').orderBy('id', 'desc').limit(1)
  const { event, stream, change, letter } = await db
    .selectNoFrom([
      highest('event').as('event'),
      highest('stream').as('stream'),
      highest('stream_change').as('change'),
      highest('dead_letter').as('letter'),
    ])
    .executeTakeFirstOrThrow()
  return {
    event: Number(event ?? 0),
    stream: Number(stream ?? 0),
    change: Number(change ?? 0),
    letter: Number(letter ?? 0),
  }
}

async function listChanges(
  { db }: StoreContext,
  { after, upTo }: { readonly after: number; readonly upTo: number },
  limit: number,
): Promise<StreamChangeRecord[]> {
  const rows = await db
    .selectFrom('stream_change')
    .selectAll()
    .where('id', '>', after)
    .where('id', '<=', upTo)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id, stream_id, name, state, at, traits, error }) => ({
    ...{ id, stream: stream_id, name, state: stateOfNumber(state), at, error },
    traits: decodeDistinguishingTraits(traits),
  }))
}

async function oldestChange({ db }: StoreContext): Promise<number | undefined> {
  const row = await db.selectFrom('stream_change').select('id').orderBy('id').limit(1).executeTakeFirst()
  return row?.id
}
