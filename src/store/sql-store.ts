import { sql } from 'kysely'
import { TransientError } from '../domain/errors.ts'
import type { Router } from '../domain/routing.ts'
import { createContext, type StoreContext } from './context.ts'
import {
  countDeadLetters,
  dropDeadLetters,
  insertDeadLetters,
  listDeadLetters,
  noteDeadLetter,
} from './dead-letters.ts'
import type { OpenDatabase } from './dialect.ts'
import { insertRows } from './insert-rows.ts'
import { encodeEvent } from './intake/encode-event.ts'
import { insertEvents } from './intake/insert-events.ts'
import { readAhead } from './intake/read-ahead.ts'
import { routeEvents } from './intake/route-events.ts'
import { countEvents, eventsOfStream, eventsOfStreams, findEvent, listEvents } from './queries/read-events.ts'
import { countStreams, findStream, listStreams } from './queries/read-streams.ts'
import { readingUntil } from './queries/reading.ts'
import { claimOrphan, claimStreams, renewLeases } from './runs/claim-streams.ts'
import { deleteStream } from './runs/delete-stream.ts'
import { byGeneration, finishProducingRuns, finishQuietRuns, LeaseLost } from './runs/finish-runs.ts'
import { nextDue } from './runs/next-due.ts'
import { failRun, releaseClaims, rerunCompleted, resetStreams } from './runs/return-streams.ts'
import { requireCurrentSchema } from './schema/migrate.ts'
import { MIGRATIONS } from './schema/migrations/migrations.ts'
import { type Executor, IMPORT_MARKER } from './schema/schema.ts'
import type { FinishedRun, Store } from './store.ts'
import { inTransaction, query } from './transaction.ts'
import { closeSpan } from './upkeep/event-spans.ts'
import { noteIndexedTraits, traitsToIndex } from './upkeep/indexed-traits.ts'
import { trimEvents } from './upkeep/trim-events.ts'

export type SqlStoreOptions = {
  /** who writes, for the table of writers; a store without one only reads and changes states */
  readonly writer?: string | undefined
  /** names of the traits to look events up by */
  readonly indexedTraits?: Iterable<string> | undefined
  /** told when a transaction is rolled back and run again */
  readonly onRepeat?: (() => void) | undefined
}

/** The store over either kind of database. Throws when the database has another schema. */
export async function createSqlStore(database: OpenDatabase, options: SqlStoreOptions = {}): Promise<Store> {
  const { db, dialect } = database
  await query(dialect, () => requireCurrentSchema(db))
  const isWriter = options.writer !== undefined
  const indexed = isWriter ? await query(dialect, () => traitsToIndex(db, options.indexedTraits ?? [])) : []
  const context = createContext(database, indexed)
  const transaction = <T>(work: (tx: Executor) => Promise<T>, signal?: AbortSignal) =>
    inTransaction(db, dialect, work, { onRepeat: options.onRepeat, signal })
  const writerId = options.writer === undefined ? undefined : await registerWriter(options.writer)
  if (isWriter) await query(dialect, () => noteIndexedTraits(context))

  async function registerWriter(name: string): Promise<number> {
    const started_at = Date.now() * 1000
    const [id] = await transaction((tx) => insertRows(tx, dialect, 'writer', [{ name, started_at }]))
    return id as number
  }

  /**
   * Locks this writer's row, the mark of a transaction whose ids may not be seen in order. Answers the context
   * for this transaction: a cluster that grows changes the distance between ids, and another writer may index more.
   */
  async function lockWriter(tx: Executor): Promise<StoreContext> {
    if (writerId === undefined) return countingBy(await stepNow(tx))
    const row = await tx
      .selectFrom('writer')
      .select(sql.raw<number>(dialect.idStepNow).as('step'))
      .where('id', '=', writerId)
      .modifyEnd(sql.raw(dialect.forUpdate))
      .executeTakeFirst()
    // A statement of its own: MariaDB would lock what a subquery of the other one reads.
    const others = await sql<{ indexed: number; imports: number; migrations: number }>`
      select (select count(*) from indexed_trait) as indexed,
        (select count(*) from writer where name = ${IMPORT_MARKER}) as imports,
        (select count(*) from kysely_migration) as migrations`.execute(tx)
    const [{ indexed, imports, migrations } = { indexed: 0, imports: 0, migrations: 0 }] = others.rows
    if (Number(migrations) !== MIGRATIONS.length)
      throw new TransientError('the schema was changed for another version; start that one instead')
    if (Number(imports) > 0)
      throw new TransientError('an import fills the database, or was broken off: see stv3 db import --help')
    const idStep = Number(row?.step ?? 1)
    const hasUnindexed = Number(indexed) > context.indexedTraits.size
    return { ...countingBy(idStep), hasUnindexed }
  }

  /** The step is fixed for a transaction: other connections may be set up with another while it is under way. */
  function countingBy(idStep: number): StoreContext {
    return { ...context, dialect: { ...dialect, idStep } }
  }

  async function stepNow(tx: Executor): Promise<number> {
    const { rows } = await sql<{ step: number }>`select ${sql.raw(dialect.idStepNow)} as step`.execute(tx)
    return Number(rows[0]?.step ?? 1)
  }

  async function finishQuiet(runs: readonly FinishedRun[]): Promise<number[]> {
    if (runs.length === 0) return []
    return transaction((tx) => finishQuietRuns(tx, context, runs))
  }

  /** One transaction for all; where leases had gone, another for the rest. */
  async function finishProducing(runs: readonly FinishedRun[], router: Router): Promise<number[]> {
    const types = runs.flatMap(({ newEvents }) => newEvents.map(({ event }) => event.eventType))
    await query(dialect, () => context.eventTypes.ensure(types))
    for (let left = runs; left.length > 0; ) {
      try {
        const current = left
        await transaction(async (tx) => {
          await finishProducingRuns(tx, await lockWriter(tx), current, router)
        })
        return left.map(({ claim }) => claim.stream.id)
      } catch (error) {
        if (!(error instanceof LeaseLost)) throw error
        const { runs: lost } = error
        left = left.filter((run) => !lost.includes(run))
      }
    }
    return []
  }

  return {
    encode: (event) => encodeEvent(event, context),
    readAhead: (arrivals) => query(dialect, () => readAhead(context, arrivals)),
    async storeBatch({ arrivals, deadLetters }, router) {
      await query(dialect, () => context.eventTypes.ensure(arrivals.map(({ event }) => event.eventType)))
      const events = await transaction(async (tx) => {
        const current = await lockWriter(tx)
        const inserted = arrivals.length > 0 ? await insertEvents(tx, current, arrivals) : []
        await routeEvents(tx, current, inserted, router, 0)
        await insertDeadLetters(tx, current, deadLetters)
        return inserted
      })
      context.recentHashes.add(events.map(({ messageHash }) => messageHash))
      return { stored: events.length, duplicates: arrivals.length - events.length }
    },

    nextDue: (withRetries) => query(dialect, () => nextDue(context, withRetries)),
    claimStreams: (request) => transaction((tx) => claimStreams(tx, context, request)),
    claimOrphan: (request) => transaction((tx) => claimOrphan(tx, context, request)),
    renewLeases: (claims, leaseMs) => transaction((tx) => renewLeases(tx, context, claims, leaseMs)),
    async finishRuns(runs, router) {
      const finished = new Set(await finishQuiet(runs.filter(({ newEvents }) => newEvents.length === 0)))
      for (const group of byGeneration(runs.filter(({ newEvents }) => newEvents.length > 0))) {
        for (const id of await finishProducing(group, router)) finished.add(id)
      }
      return finished
    },
    releaseClaims: (claims, waitMs) => transaction((tx) => releaseClaims(tx, context, claims, waitMs)),
    failRun: (run) => transaction((tx) => failRun(tx, context, run)),
    rerunCompleted: (id, firing) => transaction((tx) => rerunCompleted(tx, id, firing)),
    deleteStream: (id, signal) => transaction((tx) => deleteStream(tx, context, id), signal),
    resetStreams: (state, id, signal) => transaction((tx) => resetStreams(tx, state, id), signal),

    eventsOfStreams: (ids, signal) =>
      query(dialect, () => eventsOfStreams(db, context.eventTypes, ids, readingUntil(signal, dialect))),
    async *eventsOfStream(id, limits, signal) {
      const portions = eventsOfStream(context, id, limits, readingUntil(signal, dialect))
      try {
        for (;;) {
          const { done, value } = await query(dialect, () => portions.next())
          if (done) return
          yield value
        }
      } finally {
        await portions.return(undefined)
      }
    },
    listStreams: (filter, page, signal) =>
      query(dialect, () => listStreams(context, filter, page, readingUntil(signal, dialect))),
    countStreams: (filter, page, signal) =>
      query(dialect, () => countStreams(context, filter, page, readingUntil(signal, dialect))),
    findStream: (id, limits) => query(dialect, () => findStream(context, id, limits)),
    listEvents: (filter, page, signal) =>
      query(dialect, () => listEvents(context, filter, page, readingUntil(signal, dialect))),
    countEvents: (filter, page, signal) =>
      query(dialect, () => countEvents(context, filter, page, readingUntil(signal, dialect))),
    findEvent: (messageId, limits) => query(dialect, () => findEvent(context, messageId, limits)),

    listDeadLetters: (filter, page) => query(dialect, () => listDeadLetters(context, filter, page)),
    countDeadLetters: (filter) => query(dialect, () => countDeadLetters(context, filter)),
    dropDeadLetters: (filter) => transaction((tx) => dropDeadLetters(tx, filter)),
    noteDeadLetter: (id, stage, reason) => transaction((tx) => noteDeadLetter(tx, id, stage, reason)),
    closeSpan: () => query(dialect, () => closeSpan(context)),
    trimEvents: (trim) => transaction((tx) => trimEvents(tx, context, trim)),

    ping: () => query(dialect, async () => void (await sql`select 1`.execute(db))),
    async close() {
      if (writerId !== undefined) {
        // A writer that is gone must not be waited for; if this fails, its row is merely never locked again.
        await db
          .deleteFrom('writer')
          .where('id', '=', writerId)
          .execute()
          .catch(() => {})
      }
      await db.destroy()
    },
  }
}
