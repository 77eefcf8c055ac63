import { sql } from 'kysely'
import { ConflictError } from '../../domain/errors.ts'
import type { Stream } from '../../domain/stream.ts'
import type { StoreContext } from '../context.ts'
import { hexBytes, streamOfRow } from '../rows.ts'
import { bucketOf, type Executor } from '../schema/schema.ts'
import { traitHash } from '../trait-codec.ts'
import { dropLettersOf } from './stream-letters.ts'

/**
 * Deletes a stream, its memberships, its dead letters and its key's pointer to it, never its events. Locks the
 * key before the stream, as every storing transaction does. Returns false when there is no such stream; throws ConflictError
 * while a worker holds a lease on it.
 */
export async function deleteStream(tx: Executor, context: StoreContext, id: number): Promise<boolean> {
  const { dialect } = context
  const named = await tx.selectFrom('stream').select('key_hash').where('id', '=', id).executeTakeFirst()
  if (!named) return false
  await tx
    .deleteFrom('open_stream')
    .where('key_hash', '=', named.key_hash)
    .where('stream_id', '=', id)
    .execute()
  const row = await tx
    .selectFrom('stream')
    .selectAll()
    .select(sql<number>`coalesce(lease_until > ${sql.raw(dialect.machineNow)}, 0)`.as('is_leased'))
    .where('id', '=', id)
    .modifyEnd(sql.raw(dialect.forUpdate))
    .executeTakeFirst()
  if (!row) return false
  const stream = streamOfRow(row)
  const isRunning = stream.state === 'firing' || stream.state === 'expiring'
  if (isRunning && Number(row.is_leased) === 1)
    throw new ConflictError(`the worker ${row.claimed_by} is running stream ${id}; try again later`)
  await deleteStreamRows(tx, [stream])
  await dropLettersOf(tx, [stream])
  return true
}

/** Most rows of the inverted index that one DELETE names. */
const TRAITS_PER_DELETE = 100

/** Deletes streams that this transaction has locked, with their memberships. */
export async function deleteStreamRows(tx: Executor, streams: readonly Stream[]): Promise<void> {
  if (streams.length === 0) return
  const ids = streams.map(({ id }) => id)
  await tx.deleteFrom('stream_event').where('stream_id', 'in', ids).execute()
  const traits = streams.flatMap(({ id, distinguishingTraits }) =>
    Object.entries(distinguishingTraits).map(([name, trait]) => ({
      id,
      hash: hexBytes(traitHash(name, trait)),
    })),
  )
  for (let at = 0; at < traits.length; at += TRAITS_PER_DELETE) {
    const part = traits.slice(at, at + TRAITS_PER_DELETE)
    await tx
      .deleteFrom('stream_trait')
      .where((where) =>
        where.or(
          part.map(({ id, hash }) =>
            where.and([
              where('bucket', '=', bucketOf(id)),
              where('hash', '=', hash),
              where('stream_id', '=', id),
            ]),
          ),
        ),
      )
      .execute()
  }
  await tx.deleteFrom('stream').where('id', 'in', ids).execute()
}
