import { sql } from 'kysely'
import { RUN_STATES } from '../../domain/stream.ts'
import type { StoreContext } from '../context.ts'
import type { DueTimes } from '../ports/stream-runs.ts'
import { stateNumber } from '../rows.ts'

/** States in which `lease_until` is the time from which a stream may be run again. */
const LEASED = Object.values(RUN_STATES).flatMap(({ running, retry }) => [running, retry])

/** Reads when streams are due next, in one query over index entries: an idle worker repeats it often. */
export async function nextDue(context: StoreContext, withRetries: boolean): Promise<DueTimes> {
  const { db, dialect } = context
  // Not min(): MariaDB would read the whole index to skip NULLs.
  const active = (column: 'fire_timestamp' | 'expire_timestamp') =>
    db
      .selectFrom('stream')
      .select(column)
      .where('state', '=', stateNumber('active', context))
      .where(column, '>', Number.MIN_SAFE_INTEGER)
      .orderBy(column)
      .limit(1)
  // A retry without a time may run at once.
  const leased = db
    .selectFrom('stream')
    .select(({ fn }) => fn.min(fn.coalesce('lease_until', sql<number>`0`)).as('at'))
    .where('state', 'in', withRetries ? LEASED.map((state) => stateNumber(state, context)) : [0])
  const row = await db
    .selectNoFrom([
      active('fire_timestamp').as('fire'),
      active('expire_timestamp').as('expire'),
      leased.as('leased'),
      sql.raw<number>(dialect.machineNow).as('now'),
    ])
    .executeTakeFirstOrThrow()
  const { fire, expire, leased: until, now } = row
  return { fire, expire, retryInMs: until === null ? null : (until - now) / 1000 }
}
