import { sql } from 'kysely'
import type { StoreContext } from './context.ts'
import type { ClaimedStream } from './ports/stream-runs.ts'
import { idIn } from './rows.ts'
import type { Executor } from './schema/schema.ts'

/** Locks the streams of claims; answers the ids of those whose lease holds. */
export async function lockHeld(
  tx: Executor,
  { dialect }: StoreContext,
  claims: readonly ClaimedStream[],
): Promise<number[]> {
  const serials = new Map(claims.map(({ stream }) => [stream.id, stream.stateSerialNo]))
  const rows = await tx
    .selectFrom('stream')
    .select(['id', 'state_serial_no'])
    .where(idIn('id', [...serials.keys()]))
    .orderBy('id')
    .modifyEnd(sql.raw(dialect.forUpdate))
    .execute()
  return rows.filter((row) => serials.get(row.id) === row.state_serial_no).map((row) => row.id)
}
