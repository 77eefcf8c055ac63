import { type Selectable, sql } from 'kysely'
import type { ActionKind, ActionState } from '../../domain/action.ts'
import type { StoreContext } from '../context.ts'
import { insertRows } from '../insert-rows.ts'
import { type Action, ActionLost, type HeldAction, type NewAction } from '../ports/actions.ts'
import type { Page } from '../ports/queries.ts'
import { applyPage } from '../queries/page.ts'
import type { ActionTable, Executor } from '../schema/schema.ts'
import { deleteResults } from './action-results.ts'

// The records of bulk actions. `heard_at` fences: a step of a process that has lost its action changes no row.

/** How long the records of actions are kept after their ends, µs. */
const KEPT = 90 * 86_400_000_000
/** Most results that are deleted in one transaction. */
const DELETED_AT_A_TIME = 5000
const UNENDED: readonly ActionState[] = ['listing', 'running']

export async function createAction(
  tx: Executor,
  { dialect }: StoreContext,
  { target, verb, filter, token, runner, total }: NewAction,
): Promise<HeldAction> {
  const now = sql.raw<number>(dialect.machineNow)
  const [id] = await insertRows(tx, dialect, 'action', [
    {
      ...{ target, verb, filter: JSON.stringify(filter), token, state: 'listing', total, runner },
      ...{ created_at: 0, heard_at: 0, ended_at: null, error: null },
    },
  ])
  await tx
    .updateTable('action')
    .set({ created_at: now, heard_at: now })
    .where('id', '=', id as number)
    .execute()
  return { ...kindOf({ target, verb }), id: id as number, runner, state: 'listing' }
}

/** Deletes results of the oldest action that ended long ago, and the action when none are left. */
export async function trimActions(tx: Executor, { dialect }: StoreContext): Promise<void> {
  const now = sql.raw<number>(dialect.machineNow)
  const old = await tx
    .selectFrom('action')
    .select('id')
    .where('ended_at', '<', sql<number>`${now} - ${KEPT}`)
    .orderBy('id')
    .limit(1)
    .modifyEnd(sql.raw(dialect.skipLocked))
    .executeTakeFirst()
  if (!old) return
  if ((await deleteResults(tx, old.id, DELETED_AT_A_TIME)) < DELETED_AT_A_TIME)
    await tx.deleteFrom('action').where('id', '=', old.id).execute()
}

function kindOf({ target, verb }: { readonly target: string; readonly verb: string }): ActionKind {
  return { target, verb } as ActionKind
}

type Changes = { readonly state?: ActionState; readonly error?: string | null; readonly total?: number }

/**
 * Writes that the runner of an action lives, together with changes. Throws ActionLost where the action is not its own
 * any more; the transaction must then be rolled back.
 */
export async function keepAction(
  db: Executor,
  { dialect }: StoreContext,
  { id, runner }: HeldAction,
  changes: Changes = {},
): Promise<void> {
  const now = sql.raw<number>(dialect.machineNow)
  const isEnded = changes.state !== undefined && !UNENDED.includes(changes.state)
  const { numUpdatedRows } = await db
    .updateTable('action')
    .set({ ...changes, heard_at: now, ...(isEnded ? { ended_at: now, runner: null } : {}) })
    .where('id', '=', id)
    .where('runner', '=', runner)
    .where('state', 'in', UNENDED)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) throw new ActionLost(`action ${id} was cancelled, or taken over`)
}

export async function releaseAction(db: Executor, { id, runner }: HeldAction): Promise<void> {
  await db
    .updateTable('action')
    .set({ heard_at: 0 })
    .where('id', '=', id)
    .where('runner', '=', runner)
    .execute()
}

/** Takes over the oldest action whose runner has been silent; one that was still listing is interrupted. */
export async function takeAction(
  tx: Executor,
  context: StoreContext,
  {
    runner,
    silentMs,
    except = [],
  }: { readonly runner: string; readonly silentMs: number; readonly except?: readonly number[] | undefined },
): Promise<HeldAction | undefined> {
  const { dialect } = context
  const now = sql.raw<number>(dialect.machineNow)
  const row = await tx
    .selectFrom('action')
    .selectAll()
    .where('state', 'in', UNENDED)
    .where('heard_at', '<', sql<number>`${now} - ${silentMs * 1000}`)
    .where('id', 'not in', [0, ...except])
    .orderBy('id')
    .limit(1)
    .modifyEnd(sql.raw(dialect.skipLocked))
    .executeTakeFirst()
  if (!row) return undefined
  const held = { ...kindOf(row), id: row.id, runner, state: row.state as ActionState }
  await tx.updateTable('action').set({ runner, heard_at: now }).where('id', '=', row.id).execute()
  if (row.state !== 'listing') return held
  const error = 'the API that chose its items was stopped before anything was changed'
  await keepAction(tx, context, held, { state: 'interrupted', error })
  return { ...held, state: 'interrupted' }
}

export async function cancelAction(tx: Executor, { dialect }: StoreContext, id: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('action')
    .set({ state: 'cancelled', ended_at: sql.raw<number>(dialect.machineNow), runner: null })
    .where('id', '=', id)
    .where('state', 'in', UNENDED)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Lists actions; the newest first, unless the page goes upwards. */
export async function listActions(context: StoreContext, page: Page): Promise<Action[]> {
  const rows = await applyPage(selectActions(context), 'id', page)
    .orderBy('id', page.ascending ? 'asc' : 'desc')
    .limit(page.limit)
    .execute()
  return rows.map(actionOfRow)
}

/** Counts the actions beyond the page's mark. */
export async function countActions({ db }: StoreContext, page: Page): Promise<number> {
  const row = await applyPage(db.selectFrom('action'), 'id', page)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

export async function findAction(context: StoreContext, id: number): Promise<Action | undefined> {
  const row = await selectActions(context).where('id', '=', id).executeTakeFirst()
  return row && actionOfRow(row)
}

function selectActions({ db, dialect }: StoreContext) {
  const silent = sql<number>`${sql.raw(dialect.machineNow)} - heard_at`
  return db.selectFrom('action').selectAll().select(silent.as('silent'))
}

function actionOfRow(row: Selectable<ActionTable> & { readonly silent: number }): Action {
  return {
    ...kindOf(row),
    id: row.id,
    filter: JSON.parse(row.filter),
    token: row.token,
    state: row.state as ActionState,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    total: row.total,
    silentMs: Number(row.silent) / 1000,
    error: row.error,
  }
}
