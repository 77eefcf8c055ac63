import { type Selectable, type SelectQueryBuilder, sql } from 'kysely'
import { RUN_STATES, type StreamState } from '../../domain/stream.ts'
import type { StoreContext } from '../context.ts'
import { readReports } from '../intake/sql-watermarks.ts'
import { lockHeld } from '../lock-held.ts'
import type { ClaimedStream, ClaimRequest } from '../ports/stream-runs.ts'
import { bytesHex, idIn, stateNumber, streamOfRow } from '../rows.ts'
import type { Executor, StreamTable, Tables } from '../schema/schema.ts'

/** Column of the due time, by kind of run. */
const DUE = { fire: 'fire_timestamp', expire: 'expire_timestamp' } as const

type StreamRow = Selectable<StreamTable>
type Select = SelectQueryBuilder<Tables, 'stream', StreamRow>

/** Share of a claim that retries may take before streams that are due for the first time. */
const RETRY_SHARE = 1 / 4

/** Claims due streams with one query per state, skipping locked rows. Reads `writer`, with no lock, where the clock follows from positions. */
export async function claimStreams(
  tx: Executor,
  context: StoreContext,
  request: ClaimRequest,
): Promise<ClaimedStream[]> {
  const { retry } = RUN_STATES[request.kind]
  const due = DUE[request.kind]
  const now = sql.raw<number>(context.dialect.machineNow)
  const isDue = (select: Select) =>
    select.where((where) => where.or([where('lease_until', 'is', null), where('lease_until', '<=', now)]))

  const share = Math.ceil(request.limit * RETRY_SHARE)
  const claimed = await take(tx, context, request, retry, share, isDue)
  const fresh = await take(
    tx,
    context,
    request,
    'active',
    request.limit - claimed.length,
    (select) => firstDueOnly(select.where(due, '<', request.now), request).orderBy(due),
    (rows) => dueRows(tx, context, request, rows),
  )
  claimed.push(...fresh)
  const room = request.limit - claimed.length
  if (room > 0) claimed.push(...(await take(tx, context, request, retry, room, isDue)))
  return claimed
}

/** However late a worker comes, a stream runs for what was due first; firing wins where both are due at once. */
function firstDueOnly(select: Select, { kind, isFirstDue }: ClaimRequest): Select {
  if (!isFirstDue) return select
  return kind === 'fire'
    ? select.where((where) =>
        where.or([
          where('expire_timestamp', 'is', null),
          where('fire_timestamp', '<=', where.ref('expire_timestamp')),
        ]),
      )
    : select.where((where) =>
        where.or([
          where('fire_timestamp', 'is', null),
          where('fire_timestamp', '>', where.ref('expire_timestamp')),
        ]),
      )
}

/**
 * Returns the rows that are due by the event clock as it follows from positions that are read now, after the streams:
 * the transaction that made a stream due has stored the position that holds the clock, too.
 */
async function dueRows(
  tx: Executor,
  context: StoreContext,
  { kind, dueBefore }: ClaimRequest,
  rows: readonly StreamRow[],
): Promise<readonly StreamRow[]> {
  if (!dueBefore) return rows
  const now = dueBefore(await readReports(tx, context))
  return rows.filter((row) => (row[DUE[kind]] as number) < now)
}

/** Claims one stream whose worker let its lease run out; returns undefined when there is none. */
export async function claimOrphan(
  tx: Executor,
  context: StoreContext,
  request: ClaimRequest,
): Promise<ClaimedStream | undefined> {
  const now = sql.raw<number>(context.dialect.machineNow)
  const [orphan] = await take(tx, context, request, RUN_STATES[request.kind].running, 1, (select) =>
    select.where('lease_until', '<', now),
  )
  return orphan && { ...orphan, takenOver: true }
}

async function take(
  tx: Executor,
  context: StoreContext,
  { kind, worker, leaseMs }: ClaimRequest,
  state: StreamState,
  limit: number,
  restrict: (select: Select) => Select,
  stillDue?: (rows: readonly StreamRow[]) => Promise<readonly StreamRow[]>,
): Promise<ClaimedStream[]> {
  if (limit <= 0) return []
  const select = tx.selectFrom('stream').selectAll().where('state', '=', stateNumber(state, context))
  const { dialect } = context
  const found = await restrict(select).limit(limit).modifyEnd(sql.raw(dialect.skipLocked)).execute()
  const rows = found.length > 0 && stillDue ? await stillDue(found) : found
  if (rows.length === 0) return []
  const { running } = RUN_STATES[kind]
  await tx
    .updateTable('stream')
    .set({
      state: stateNumber(running, context),
      state_serial_no: sql`state_serial_no + 1`,
      attempts: sql`attempts + 1`,
      claimed_by: worker,
      lease_until: sql`${sql.raw(dialect.machineNow)} + ${leaseMs * 1000}`,
    })
    .where(
      idIn(
        'id',
        rows.map((row) => row.id),
      ),
    )
    .execute()
  return rows.map((row) => {
    const stream = streamOfRow(row)
    return {
      stream: {
        ...stream,
        state: running,
        stateSerialNo: stream.stateSerialNo + 1,
        attempts: stream.attempts + 1,
      },
      keyHash: bytesHex(row.key_hash),
      kind,
      isFirst: state === 'active',
      takenOver: false,
      isQuiet: row.is_quiet === 1,
    }
  })
}

/** Extends the leases that the worker still holds and returns the ids of their streams. */
export async function renewLeases(
  tx: Executor,
  context: StoreContext,
  claims: readonly ClaimedStream[],
  leaseMs: number,
): Promise<Set<number>> {
  if (claims.length === 0) return new Set()
  const held = await lockHeld(tx, context, claims)
  if (held.length > 0) {
    await tx
      .updateTable('stream')
      .set({ lease_until: sql`${sql.raw(context.dialect.machineNow)} + ${leaseMs * 1000}` })
      .where(idIn('id', held))
      .execute()
  }
  return new Set(held)
}
