/// <reference types="node" preserve="true" />
import { buildRouter } from '../assembly/build-router.ts'
import { buildWorker } from '../assembly/build-worker.ts'
import { hasAutoClock } from '../assembly/event-clock-of.ts'
import { createStore, openDatabase } from '../assembly/open-store.ts'
import { PublisherPool } from '../assembly/publisher-pool.ts'
import { requirePipelines } from '../assembly/require-pipelines.ts'
import { createArrivalClock } from '../clock/arrival-clock.ts'
import { wallClock } from '../clock/event-clock.ts'
import type { Config } from '../config/load/config.ts'
import { loadWholeConfig } from '../config/load/load-config.ts'
import { createDistiller } from '../distiller/distiller.ts'
import type { Event } from '../domain/event.ts'
import type { Stream } from '../domain/stream.ts'
import type { Micros } from '../domain/time.ts'
import type { Worker } from '../pipeline/worker/worker.ts'
import { type Logger, silentLogger } from '../runtime/logger.ts'
import type { OpenDatabase } from '../store/dialect.ts'
import type { StreamFilter } from '../store/ports/queries.ts'
import { upgradeSchema } from '../store/schema/migrate.ts'
import type { Store } from '../store/store.ts'
import { distilText } from './distil-text.ts'

export type EngineOptions = {
  /** a winchester.yaml, or a yagi.conf that names one */
  readonly config: string
  /**
   * `sqlite:PATH`, `sqlite::memory:` or `mysql://…`; by default that of the configuration. It should belong to the
   * engine alone: consumers on the same database hold the clock of their own queues.
   */
  readonly database?: string
  /** whether missing tables are created, by default true; else a database without them is refused */
  readonly upgrade?: boolean
  /** returns the time by which streams fire and expire, by default the wall clock's; microseconds since the epoch */
  readonly now?: () => Micros
  /** values of `${NAME}` in the files, by default those of the process */
  readonly environment?: { readonly [name: string]: string | undefined }
  /** receives what handlers and the engine log; by default nothing is logged */
  readonly logger?: Logger
}

/** What became of notifications that were added: how many are new events, repeats, or without a definition. */
export type Added = {
  readonly stored: number
  /** with a message_id that is stored already */
  readonly duplicates: number
  /** that no event definition matches */
  readonly dropped: number
  /** notifications of which no event can be made, by their index, with the reason */
  readonly refused: readonly { readonly index: number; readonly reason: string }[]
}

/** Most streams that one look at the database returns. */
const ALL = { limit: Number.MAX_SAFE_INTEGER, mark: undefined, ascending: true }

/**
 * Opens an engine: event definitions, triggers and pipelines of a configuration over a database, without a broker and
 * without a process of its own. Rejects with a ConfigError that has all findings when the configuration cannot be used.
 *
 * @example
 * const engine = await openEngine({ config: 'winchester.yaml', database: 'sqlite::memory:' })
 * await engine.add([{ event_type: 'order.placed', message_id: 'm-1', timestamp: '2026-03-14T09:00:00Z' }])
 * await engine.runDue()
 * for (const { id, state } of await engine.streams()) console.log(id, state)
 * await engine.close()
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { environment = process.env, logger = silentLogger, upgrade = true } = options
  const config = await loadWholeConfig(options.config, environment)
  const pipelines = await requirePipelines(config, logger)
  const database = await openDatabase(options.database ?? config.winchester.database.url, config.folder)
  const store = await openStore(database, config, upgrade)
  const now = options.now ?? wallClock.now
  const publishers = new PublisherPool(logger)
  const { publisherFor } = publishers
  const clock = { now }
  const worker = buildWorker({ config, pipelines, store, clock, logger, name: 'engine', publisherFor })
  return new Engine({ config, store, now, logger, worker, publishers })
}

async function openStore(database: OpenDatabase, config: Config, upgrade: boolean): Promise<Store> {
  try {
    if (upgrade) await upgradeSchema(database.db, database.dialect.types)
    return await createStore(database, config, { writer: 'engine' })
  } catch (error) {
    await database.db.destroy()
    throw error
  }
}

type Parts = {
  readonly config: Config
  readonly store: Store
  readonly now: () => Micros
  readonly logger: Logger
  readonly worker: Worker
  readonly publishers: PublisherPool
}

/** Distils notifications, lets their events join streams, and runs the pipelines of those that are due. */
export class Engine {
  readonly #store: Store
  readonly #worker: Worker
  readonly #publishers: PublisherPool
  readonly #distil: ReturnType<typeof distilText>
  readonly #storeEvents: (events: readonly Event[]) => Promise<Pick<Added, 'stored' | 'duplicates'>>

  /** Is called by openEngine. */
  constructor({ config, store, now, logger, worker, publishers }: Parts) {
    this.#store = store
    this.#worker = worker
    this.#publishers = publishers
    const catchAll = config.winchester.catch_all_notifications
    this.#distil = distilText(createDistiller(config.definitions, { catchAll }), now)
    const isAuto = hasAutoClock(config)
    const router = buildRouter(config.triggers, logger, { misplaced: 0 }, undefined, isAuto)
    const arrivals = createArrivalClock(now)
    this.#storeEvents = (events) => {
      const arrivalOf = (event: Event) => ({
        event,
        at: isAuto ? arrivals.arrive('', event.timestamp) : now(),
        keys: router.keysOf(event),
      })
      return store.storeBatch({ arrivals: events.map(arrivalOf), deadLetters: [] }, router)
    }
  }

  /**
   * Makes events of notifications and stores them, with the streams that they join, in one transaction. A notification is
   * an object or JSON text, bare or in an envelope of oslo.messaging. Rejects with TransientError while the database is away;
   * then the call may be repeated.
   */
  async add(notifications: readonly (object | string)[]): Promise<Added> {
    const results = notifications.map((notification) => this.#distil(notification))
    const events = results.flatMap((result) => (result.kind === 'event' ? [result.event] : []))
    const { stored, duplicates } = await this.#storeEvents(events)
    return {
      stored,
      duplicates,
      dropped: results.filter(({ kind }) => kind === 'dropped').length,
      refused: results.flatMap((result, index) =>
        result.kind === 'failed' ? [{ index, reason: result.reason }] : [],
      ),
    }
  }

  /** Stores events that are made already, with the streams that they join, in one transaction. */
  addEvents(events: readonly Event[]): Promise<Pick<Added, 'stored' | 'duplicates'>> {
    return this.#storeEvents(events)
  }

  /** Runs the pipelines of all streams that are due, also of those that become due by it. Returns how many ran. */
  async runDue(): Promise<number> {
    for (let total = 0; ; ) {
      const ran = (await this.#worker.pass('fire')) + (await this.#worker.pass('expire'))
      if (ran === 0) return total
      total += ran
    }
  }

  /** Returns streams in order of their ids. */
  streams(filter: StreamFilter = {}): Promise<readonly Stream[]> {
    return this.#store.listStreams(filter, ALL)
  }

  /** Returns the events of a stream in order of time. */
  async eventsOf(streamId: number): Promise<readonly Event[]> {
    return (await this.#store.eventsOfStreams([streamId])).get(streamId) ?? []
  }

  /** Closes handlers, publishers and the database. */
  async close(): Promise<void> {
    await this.#worker.stop()
    await this.#publishers.close()
    await this.#store.close()
  }
}
