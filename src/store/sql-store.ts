import { sql } from 'kysely'
import { createSqlActions } from './actions/sql-actions.ts'
import type { OpenDatabase } from './dialect.ts'
import { createSqlIntake } from './intake/sql-intake.ts'
import { createSqlWatermarks } from './intake/sql-watermarks.ts'
import type { DeadLetterBox } from './ports/dead-letter-box.ts'
import type { Redistil } from './ports/redistil.ts'
import type { Upkeep } from './ports/upkeep.ts'
import { createSqlQueries } from './queries/sql-queries.ts'
import { createSqlTail } from './queries/sql-tail.ts'
import { createSqlReplays } from './runs/sql-replays.ts'
import { createSqlStreamRuns } from './runs/sql-stream-runs.ts'
import { openSqlSession, type SqlSession, type SqlSessionOptions } from './sql-session.ts'
import type { Store } from './store.ts'
import {
  areDeadLetters,
  countDeadLetters,
  countDeadLettersByStage,
  dropDeadLetters,
  listDeadLetterHeads,
  listDeadLetters,
  noteDeadLetter,
} from './upkeep/dead-letters.ts'
import { closeSpan } from './upkeep/event-spans.ts'
import { indexOlder } from './upkeep/index-older.ts'
import { findChanges, writeChanges } from './upkeep/redistil-events.ts'
import { createSqlSamples } from './upkeep/sql-samples.ts'
import { createSqlTallies } from './upkeep/sql-tallies.ts'
import { trimChanges } from './upkeep/trim-changes.ts'
import { trimEvents } from './upkeep/trim-events.ts'

/**
 * Opens a store over a MySQL or SQLite database. Rejects with StackTachError unless the schema is the current
 * one.
 *
 * @example
 * const database = openSqliteDatabase('stacktach.db')
 * await upgradeSchema(database.db, database.dialect.types)
 * const store = await createSqlStore(database, { writer: 'consumer-1' })
 */
export async function createSqlStore(
  database: OpenDatabase,
  options: SqlSessionOptions = {},
): Promise<Store> {
  const session = await openSqlSession(database, options)
  return {
    ...createSqlIntake(session),
    ...createSqlStreamRuns(session),
    ...createSqlQueries(session),
    ...createSqlDeadLetterBox(session),
    ...createSqlActions(session),
    ...createSqlUpkeep(session),
    ...createSqlTallies(session),
    ...createSqlSamples(session),
    ...createSqlTail(session),
    ...createSqlRedistil(session),
    ...createSqlReplays(session),
    ...createSqlWatermarks(session),
    ping: () => session.query(async () => void (await sql`select 1`.execute(database.db))),
    close: () => session.close(),
  }
}

function createSqlDeadLetterBox({ context, transaction, query }: SqlSession): DeadLetterBox {
  return {
    listDeadLetters: (filter, page) => query(() => listDeadLetters(context, filter, page)),
    listDeadLetterHeads: (filter, page) => query(() => listDeadLetterHeads(context, filter, page)),
    countDeadLetters: (filter) => query(() => countDeadLetters(context, filter)),
    countDeadLettersByStage: () => query(() => countDeadLettersByStage(context)),
    areDeadLetters: (bodies) => query(() => areDeadLetters(context, bodies)),
    dropDeadLetters: (filter) => transaction((tx) => dropDeadLetters(tx, filter)),
    noteDeadLetter: (id, stage, reason) => transaction((tx) => noteDeadLetter(tx, id, stage, reason)),
  }
}

function createSqlUpkeep({ context, transaction, query }: SqlSession): Upkeep {
  return {
    closeSpan: () => query(() => closeSpan(context)),
    trimChanges: () => transaction((tx) => trimChanges(tx)),
    trimEvents: (trim) => transaction((tx) => trimEvents(tx, context, trim)),
  }
}

function createSqlRedistil({ context, transaction, query, lockWriter }: SqlSession): Redistil {
  return {
    async redistil(events, done) {
      // Looked up with no lock: most events are as they should be.
      const changes = await query(() => findChanges(context.db, events, done))
      if (changes.events.size > 0)
        await transaction(async (tx) => writeChanges(tx, await lockWriter(tx), changes.events))
      for (const id of changes.found) done.add(id)
      return changes.outcome
    },
    indexOlder: (limit) =>
      transaction(async (tx) => {
        await lockWriter(tx)
        return indexOlder(tx, context, limit)
      }),
  }
}
