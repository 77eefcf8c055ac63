import { sql } from 'kysely'
import { RUN_STATES, type StreamState } from '../../domain/stream.ts'
import { upsertRows } from '../insert-rows.ts'
import { readReports } from '../intake/sql-watermarks.ts'
import type { ReplayRecord, ReplayRelease, Replays } from '../ports/replays.ts'
import { idIn, stateNumber, stateOfNumber } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'
import type { SqlSession } from '../sql-session.ts'

export function createSqlReplays({ context, transaction, query, lockWriter }: SqlSession): Replays {
  const { db, dialect } = context
  return {
    readReplay: () => query(() => readReplay(db)),
    changeReplay: (decide) =>
      transaction(async (tx) => {
        // Locks the row, and makes it where there is none yet.
        await upsertRows(tx, dialect, 'replay', [{ id: ROW }], ['id'], [])
        const before = await readReplay(tx)
        const change = decide(before, await readReports(tx, context))
        if (!change) return before
        const { record, reports } = change
        await tx.updateTable('replay').set(rowOf(record)).where('id', '=', ROW).execute()
        if (reports) await lockWriter(tx, reports)
        return record
      }),
    resumeReplayed: () => transaction((tx) => resumeReplayed(tx)),
    releaseReplayed: (release) => transaction((tx) => releaseReplayed(tx, release)),
  }
}

const ROW = 1

/** Reads the record of the replay that runs or is unfinished. */
export async function readReplay(db: Executor): Promise<ReplayRecord | undefined> {
  const row = await db.selectFrom('replay').selectAll().where('id', '=', ROW).executeTakeFirst()
  if (!row || row.name === null) return undefined
  const { name, owner, started_at, given, files } = row
  return { name, owner: owner ?? '', startedAt: started_at ?? 0, given: given ?? '', files }
}

function rowOf(record: ReplayRecord | undefined) {
  return {
    name: record?.name ?? null,
    owner: record?.owner ?? null,
    started_at: record?.startedAt ?? null,
    given: record?.given ?? null,
    files: record?.files ?? null,
  }
}

/** States in which a stream may belong to a replay. */
const OPEN_STATES = ['active', 'firing', 'expiring', 'retry_fire', 'retry_expire'] as const

async function releaseReplayed(tx: Executor, { limit, now, past }: ReplayRelease): Promise<number> {
  const rows = await tx
    .selectFrom('stream')
    .select(['id', 'state', 'fire_timestamp', 'expire_timestamp'])
    .where(
      'state',
      'in',
      OPEN_STATES.map((state) => stateNumber(state, { isReplay: true })),
    )
    .limit(limit)
    .execute()
  const fates = Map.groupBy(rows, (row) => {
    const state = stateOfNumber(row.state)
    const isDue = state !== 'active' || dueTime(row) < now
    return JSON.stringify(fateOf(state, isDue ? past : 'as others'))
  })
  for (const [fate, own] of fates)
    await tx
      .updateTable('stream')
      .set({ ...(JSON.parse(fate) as Fate), state_serial_no: sql<number>`state_serial_no + 1` })
      .where(
        idIn(
          'id',
          own.map(({ id }) => id),
        ),
      )
      .execute()
  return rows.length
}

type Fate = { readonly state: number; readonly is_quiet?: number }

function fateOf(state: StreamState, past: ReplayRelease['past']): Fate {
  if (past === 'completed') return { state: stateNumber('completed') }
  return past === 'quiet' ? { state: stateNumber(state), is_quiet: 1 } : { state: stateNumber(state) }
}

function dueTime({ fire_timestamp: fire, expire_timestamp: expire }: DueRow): number {
  return Math.min(fire ?? Number.POSITIVE_INFINITY, expire ?? Number.POSITIVE_INFINITY)
}

type DueRow = { readonly fire_timestamp: number | null; readonly expire_timestamp: number | null }

/**
 * Ends the leases of streams that a replay was running when it was killed. The attempt counts: a stream that kills its
 * process ends in its error state.
 */
async function resumeReplayed(tx: Executor): Promise<number> {
  const result = await tx
    .updateTable('stream')
    .set({ lease_until: 0, state_serial_no: sql<number>`state_serial_no + 1` })
    .where(
      'state',
      'in',
      Object.values(RUN_STATES).map(({ running }) => stateNumber(running, { isReplay: true })),
    )
    .executeTakeFirstOrThrow()
  return Number(result.numUpdatedRows)
}
