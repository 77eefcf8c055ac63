import { sql } from 'kysely'
import { type ErrorState, RUN_STATES, type RunKind } from '../../domain/stream.ts'
import type { StoreContext } from '../context.ts'
import { lockHeld } from '../lock-held.ts'
import type { NewDeadLetter } from '../ports/dead-letter-box.ts'
import type { ClaimedStream, FailedRun } from '../ports/stream-runs.ts'
import { idIn, stateNumber } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'
import { replaceDeadLetter } from '../upkeep/dead-letters.ts'

// Streams that go back to be run again, or into their error states.

/**
 * Gives claims of one kind of run back to be run when the wait is over, their attempts not counted; those that were taken
 * over to be taken over again, each alone.
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
  // Not active: its key may have another stream by now.
  const retry = {
    state: stateNumber(RUN_STATES[first.kind].retry),
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
 * Puts a stream into its retry state, not to be run before the wait is over, or for good into its error state; then
 * it is a dead letter too.
 */
export async function failRun(tx: Executor, context: StoreContext, run: FailedRun): Promise<boolean> {
  const { stream, kind } = run.claim
  const { retryInMs, error } = run
  const isForGood = retryInMs === undefined
  const result = await tx
    .updateTable('stream')
    .set({
      state: stateNumber(RUN_STATES[kind][isForGood ? 'error' : 'retry']),
      state_serial_no: sql`state_serial_no + 1`,
      claimed_by: null,
      lease_until: isForGood ? null : inMs(context, retryInMs),
      last_error: error,
    })
    .where('id', '=', stream.id)
    .where('state_serial_no', '=', stream.stateSerialNo)
    .executeTakeFirstOrThrow()
  const wasHeld = result.numUpdatedRows > 0n
  if (wasHeld && isForGood) await replaceDeadLetter(tx, context, streamLetter(run.claim, 'pipeline', error))
  return wasHeld
}

/** A time on the database's clock. */
function inMs({ dialect }: StoreContext, ms: number) {
  return sql<number>`${sql.raw(dialect.machineNow)} + ${Math.round(ms * 1000)}`
}

/** What is kept of a stream whose pipeline or commit failed for good; the stream itself has its events. */
export function streamLetter(
  { stream, kind }: ClaimedStream,
  stage: 'pipeline' | 'commit',
  reason: string,
): NewDeadLetter {
  const body = Buffer.from(JSON.stringify({ stream_id: stream.id, trigger: stream.name, firing: kind }))
  return { stage, reason, queue: null, body }
}

/** Runs a completed stream again, whose commit had failed; false when it is not completed, or no commit failed. */
export async function rerunCompleted(db: Executor, id: number, kind: RunKind): Promise<boolean> {
  const result = await db
    .updateTable('stream')
    .set({ ...RESET, state: stateNumber(RUN_STATES[kind].retry) })
    .where('id', '=', id)
    .where('state', '=', stateNumber('completed'))
    .where('last_error', 'is not', null)
    .executeTakeFirstOrThrow()
  return result.numUpdatedRows > 0n
}

/** A stream that begins anew with its runs. */
const RESET = {
  state_serial_no: sql<number>`state_serial_no + 1`,
  attempts: 0,
  claimed_by: null,
  lease_until: null,
}

/** Brings streams of an error state back to be run again, their attempts forgotten; answers how many. */
export async function resetStreams(db: Executor, state: ErrorState, id: number | undefined): Promise<number> {
  const { retry } = state === RUN_STATES.fire.error ? RUN_STATES.fire : RUN_STATES.expire
  let update = db
    .updateTable('stream')
    .set({ ...RESET, state: stateNumber(retry) })
    .where('state', '=', stateNumber(state))
  if (id !== undefined) update = update.where('id', '=', id)
  const result = await update.executeTakeFirstOrThrow()
  return Number(result.numUpdatedRows)
}
