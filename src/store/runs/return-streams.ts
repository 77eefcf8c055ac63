import { sql } from 'kysely'
import { type ErrorState, RUN_STATES } from '../../domain/stream.ts'
import type { StoreContext } from '../context.ts'
import { lockHeld } from '../lock-held.ts'
import type { ClaimedStream, FailedRun, StreamLetter } from '../ports/stream-runs.ts'
import { idIn, stateNumber, streamOfRow } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'
import { replaceDeadLetter, settleDeadLetter } from '../upkeep/dead-letters.ts'
import { changeOf, noteChanges } from './stream-changes.ts'
import { dropLettersOf, streamLetter } from './stream-letters.ts'

// Returning streams to be run again, or moving them into their error states.

/**
 * Releases claims, all of one kind of run, to be claimed again after `waitMs`; the attempt is not counted.
 * Streams that were taken over stay orphans, which are claimed one at a time.
 */
export async function releaseClaims(
  tx: Executor,
  context: StoreContext,
  claims: readonly ClaimedStream[],
  waitMs = 0,
): Promise<void> {
  const [first] = claims
  const held = new Set(first ? await lockHeld(tx, context, claims) : [])
  if (!first || held.size === 0) return
  const released = { state_serial_no: sql<number>`state_serial_no + 1`, attempts: sql<number>`attempts - 1` }
  const idsOf = (isTakenOver: boolean) =>
    claims.filter(({ takenOver }) => takenOver === isTakenOver).map(({ stream }) => stream.id)
  // Not active: the key of the stream may have another one by now.
  const retry = {
    state: stateNumber(RUN_STATES[first.kind].retry, context),
    claimed_by: null,
    lease_until: waitMs > 0 ? inMs(context, waitMs) : null,
  }
  const orphan = { lease_until: waitMs > 0 ? inMs(context, waitMs) : 0 }
  for (const [isTakenOver, fate] of [
    [false, retry],
    [true, orphan],
  ] as const) {
    const ids = idsOf(isTakenOver).filter((id) => held.has(id))
    if (ids.length === 0) continue
    await tx
      .updateTable('stream')
      .set({ ...released, ...fate })
      .where(idIn('id', ids))
      .execute()
  }
}

/**
 * Puts a stream into its retry state until the wait is over, or for good into its error state and keeps a
 * dead letter. Returns false, and changes nothing, when the lease had gone.
 */
export async function failRun(tx: Executor, context: StoreContext, run: FailedRun): Promise<boolean> {
  const { stream, kind } = run.claim
  const { retryInMs, error } = run
  const isForGood = retryInMs === undefined
  const result = await tx
    .updateTable('stream')
    .set({
      state: stateNumber(RUN_STATES[kind][isForGood ? 'error' : 'retry'], context),
      state_serial_no: sql`state_serial_no + 1`,
      claimed_by: null,
      lease_until: isForGood ? null : inMs(context, retryInMs),
      last_error: error,
      ...(isForGood && context.isQuiet && { is_quiet: 1 }),
    })
    .where('id', '=', stream.id)
    .where('state_serial_no', '=', stream.stateSerialNo)
    .executeTakeFirstOrThrow()
  const wasHeld = result.numUpdatedRows > 0n
  if (!wasHeld) return false
  const state = RUN_STATES[kind][isForGood ? 'error' : 'retry']
  await noteChanges(tx, context, [{ ...changeOf(stream), state, error }])
  if (isForGood) await replaceDeadLetter(tx, context, streamLetter(run.claim, 'pipeline', error))
  return true
}

/** Returns SQL for the time in `ms` on the database's clock. */
function inMs({ dialect }: StoreContext, ms: number) {
  return sql<number>`${sql.raw(dialect.machineNow)} + ${Math.round(ms * 1000)}`
}

/** Values of a stream that is run again as if for the first time. */
const RESET = {
  state_serial_no: sql<number>`state_serial_no + 1`,
  attempts: 0,
  claimed_by: null,
  lease_until: null,
}

/**
 * Makes the stream of a dead letter due again, unless it has changed since, and deletes the letter. Throws NotFoundError
 * where the letter is gone.
 */
export async function rerunStreamOf(
  tx: Executor,
  context: StoreContext,
  { letter, stage, stream: id, kind }: StreamLetter,
): Promise<boolean> {
  const states = RUN_STATES[kind]
  let locking = tx
    .selectFrom('stream')
    .selectAll()
    .where('id', '=', id)
    .where('state', '=', stateNumber(stage === 'commit' ? 'completed' : states.error))
  if (stage === 'commit') locking = locking.where('last_error', 'is not', null)
  const row = await locking.modifyEnd(sql.raw(context.dialect.forUpdate)).executeTakeFirst()
  if (row) {
    await tx
      .updateTable('stream')
      .set({ ...RESET, state: stateNumber(states.retry) })
      .where('id', '=', id)
      .execute()
    await noteChanges(tx, context, [{ ...changeOf(streamOfRow(row)), state: states.retry }])
  }
  await settleDeadLetter(tx, letter)
  return row !== undefined
}

/**
 * Makes streams of an error state due again, with no attempts counted, deletes their dead letters, and returns how many
 * there were.
 */
export async function resetStreams(
  tx: Executor,
  context: StoreContext,
  state: ErrorState,
  id: number | undefined,
): Promise<number> {
  const { retry } = state === RUN_STATES.fire.error ? RUN_STATES.fire : RUN_STATES.expire
  let selected = tx.selectFrom('stream').selectAll().where('state', '=', stateNumber(state))
  if (id !== undefined) selected = selected.where('id', '=', id)
  const rows = await selected.orderBy('id').modifyEnd(sql.raw(context.dialect.forUpdate)).execute()
  if (rows.length === 0) return 0
  const ids = rows.map((row) => row.id)
  await tx
    .updateTable('stream')
    .set({ ...RESET, state: stateNumber(retry) })
    .where(idIn('id', ids))
    .execute()
  await dropLettersOf(tx, rows)
  await noteChanges(
    tx,
    context,
    rows.map((row) => ({ ...changeOf(streamOfRow(row)), state: retry })),
  )
  return rows.length
}
