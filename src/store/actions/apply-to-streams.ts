import { type Selectable, sql } from 'kysely'
import type { StreamVerb } from '../../domain/action.ts'
import { RUN_STATES, type RunKind, type StreamState } from '../../domain/stream.ts'
import type { StoreContext } from '../context.ts'
import type { HeldAction, ItemOutcome } from '../ports/actions.ts'
import { bytesHex, hashIn, idIn, stateNumber, streamOfRow } from '../rows.ts'
import { deleteStreamRows } from '../runs/delete-stream.ts'
import { changeOf, noteChanges } from '../runs/stream-changes.ts'
import { dropLettersOf } from '../runs/stream-letters.ts'
import type { Executor, StreamTable } from '../schema/schema.ts'
import { noteOutcomes } from './action-results.ts'
import { keepAction } from './action-rows.ts'

type LockedRow = Selectable<StreamTable> & { readonly is_leased: number }

/**
 * Does an action to streams and records the results. Locks the keys of streams that it deletes, then the streams, then
 * the record of the action. A stream that a worker is running stays as it is.
 */
export async function applyToStreams(
  tx: Executor,
  context: StoreContext,
  action: HeldAction,
  ids: readonly number[],
): Promise<void> {
  const verb = action.verb as StreamVerb
  if (verb === 'delete') await dropPointers(tx, ids)
  const rows = new Map((await lockRows(tx, context, ids)).map((row) => [row.id, row]))
  const fates = ids.map((id) => fateOf(id, rows.get(id), verb))
  const meant = fates.flatMap((fate) => (fate.row === undefined ? [] : [fate.row]))
  if (verb === 'delete') await deleteStreamRows(tx, meant.map(streamOfRow))
  else await makeDue(tx, context, meant, verb)
  if (verb === 'reset' || verb === 'delete') await dropLettersOf(tx, meant.map(streamOfRow))
  await keepAction(tx, context, action, { error: null })
  await noteOutcomes(
    tx,
    context,
    action,
    fates.map(({ outcome }) => outcome),
  )
}

/** Deletes the pointers of keys to these streams, in the order of the keys. */
async function dropPointers(tx: Executor, ids: readonly number[]): Promise<void> {
  const named = await tx.selectFrom('stream').select('key_hash').where(idIn('id', ids)).execute()
  if (named.length === 0) return
  const hashes = named.map(({ key_hash }) => bytesHex(key_hash)).sort()
  await tx
    .deleteFrom('open_stream')
    .where(hashIn('key_hash', hashes))
    .where(idIn('stream_id', [0, ...ids]))
    .execute()
}

async function lockRows(
  tx: Executor,
  { dialect }: StoreContext,
  ids: readonly number[],
): Promise<LockedRow[]> {
  return tx
    .selectFrom('stream')
    .selectAll()
    .select(sql<number>`coalesce(lease_until > ${sql.raw(dialect.machineNow)}, 0)`.as('is_leased'))
    .where(idIn('id', ids))
    .orderBy('id')
    .modifyEnd(sql.raw(dialect.forUpdate))
    .execute()
}

/** The outcome of an action for one stream, and the stream where it is to be changed. */
type Fate = { readonly outcome: ItemOutcome; readonly row?: LockedRow }

function fateOf(item: number, row: LockedRow | undefined, verb: StreamVerb): Fate {
  const reason = row ? hindrance(row, verb) : GONE[verb]
  if (reason !== undefined) return { outcome: { item, outcome: 'failed', reason } }
  return { outcome: { item, outcome: 'done', reason: null }, ...(row && { row }) }
}

const GONE: { readonly [verb in StreamVerb]: string | undefined } = {
  reset: 'the stream was deleted meanwhile',
  retry: 'the stream was deleted meanwhile',
  'expire-now': 'the stream was deleted meanwhile',
  'fire-now': 'the stream was deleted meanwhile',
  delete: undefined,
}

/** States in which a stream can be reset, and so on. */
const NEEDED: { readonly [verb in StreamVerb]: readonly StreamState[] | undefined } = {
  reset: ['error', 'expire_error'],
  retry: ['retry_fire', 'retry_expire'],
  'expire-now': ['active'],
  'fire-now': ['active'],
  delete: undefined,
}

/** Returns why an action cannot be done to a stream. */
function hindrance(row: LockedRow, verb: StreamVerb): string | undefined {
  const { state } = streamOfRow(row)
  const isRunning = state === 'firing' || state === 'expiring'
  if (isRunning && Number(row.is_leased) === 1) return `the worker ${row.claimed_by} is running the stream`
  const needed = NEEDED[verb]
  if (!needed) return undefined
  if (!needed.includes(state)) return `the stream is ${state}, not ${needed.join(' or ')}`
  return row.state === stateNumber(state) ? undefined : 'the stream belongs to a replay'
}

/** Makes streams due at once, whatever the time: not active ones, since their keys may have others from now on. */
async function makeDue(
  tx: Executor,
  context: StoreContext,
  rows: readonly LockedRow[],
  verb: Exclude<StreamVerb, 'delete'>,
): Promise<void> {
  for (const [state, alike] of Map.groupBy(rows, (row) => RUN_STATES[kindOf(row, verb)].retry)) {
    await tx
      .updateTable('stream')
      .set({
        state: stateNumber(state),
        state_serial_no: sql<number>`state_serial_no + 1`,
        claimed_by: null,
        lease_until: null,
        ...(verb === 'retry' ? {} : { attempts: 0 }),
      })
      .where(
        idIn(
          'id',
          alike.map(({ id }) => id),
        ),
      )
      .execute()
    const changes = alike.map((row) => ({ ...changeOf(streamOfRow(row)), state }))
    await noteChanges(tx, context, changes)
  }
}

function kindOf(row: LockedRow, verb: Exclude<StreamVerb, 'delete'>): RunKind {
  if (verb === 'fire-now') return 'fire'
  if (verb === 'expire-now') return 'expire'
  const { state } = streamOfRow(row)
  return state === 'expire_error' || state === 'retry_expire' ? 'expire' : 'fire'
}
