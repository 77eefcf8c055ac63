import type { Socket } from 'node:net'
import type { MysqlPool, MysqlPoolConnection } from 'kysely'
import { createPool, type Pool, type PoolConnection, type PoolOptions } from 'mysql2'
import { isUnwell } from './mysql-errors.ts'

/** The settings of a server that statements depend on; `maxPacket` is in bytes. */
export type ServerSettings = { readonly maxPacket: number }

/** Longest life of a connection, ms; the one that replaces it goes to where the database is by then. */
const LONGEST_LIFE_MS = 600_000
const READ_SETTINGS = 'select @@max_allowed_packet as packet'

/**
 * A pool of connections, each set up before its first use. A connection is closed when the server reports on
 * it that it cannot do its work (isUnwell). All connections made before that report are closed when their
 * turn comes: they lead to the same server, while new ones may reach a better one.
 */
export class MysqlConnections implements MysqlPool {
  readonly #pool: Pool
  readonly #watched = new WeakMap<PoolConnection, WatchedConnection>()
  readonly #settings = new Map<PoolConnection, ServerSettings>()
  #last: ServerSettings | undefined
  #generation = 0

  constructor(config: PoolOptions, setUp: (connection: PoolConnection) => readonly string[]) {
    this.#pool = createPool(config)
    this.#pool.on('connection', (connection) => this.#prepare(connection, setUp(connection)))
  }

  /** The settings of the newest connection, with the smallest `maxPacket` of all open connections. */
  get settings(): ServerSettings {
    if (!this.#last) throw new Error('the settings of the server are not known before the first connection')
    const packets = [...this.#settings.values()].map(({ maxPacket }) => maxPacket)
    return { maxPacket: Math.min(this.#last.maxPacket, ...packets) }
  }

  getConnection(callback: (error: unknown, connection: MysqlPoolConnection) => void): void {
    this.#pool.getConnection((error, connection) => {
      const watched = error ? undefined : this.#watch(connection)
      if (!watched) return callback(error, connection)
      watched.whenSetUp((failure) => {
        if (!failure && !watched.isOutworn(this.#generation)) return callback(null, watched)
        connection.destroy()
        if (failure) callback(failure, watched)
        else this.getConnection(callback)
      })
    })
  }

  end(callback: (error: unknown) => void): void {
    this.#pool.end(callback)
  }

  #watch(connection: PoolConnection): WatchedConnection {
    const known = this.#watched.get(connection)
    if (known) return known
    const watched = new WatchedConnection(connection, this.#generation, () => {
      if (watched.generation === this.#generation) this.#generation++
    })
    this.#watched.set(connection, watched)
    return watched
  }

  /** Sets up a connection; one that refuses any of the statements must not be used. */
  #prepare(connection: PoolConnection, statements: readonly string[]): void {
    const watched = this.#watch(connection)
    const ask = (statement: string) =>
      new Promise<unknown>((resolve, reject) => {
        connection.query(statement, (error, rows) => (error ? reject(error) : resolve(rows)))
      })
    // Sent all at once: the server runs them one after another.
    const asked = Promise.all([READ_SETTINGS, ...statements].map(ask)).then(([rows]) => {
      const [row] = rows as { packet: number }[]
      this.#last = { maxPacket: Number(row?.packet) }
      this.#settings.set(connection, this.#last)
    })
    asked.then(
      () => watched.setUp(undefined),
      (error) => watched.setUp(error),
    )
    const { stream } = connection as unknown as { readonly stream: Socket }
    stream.once('close', () => this.#settings.delete(connection))
  }
}

/**
 * A connection that remembers how its set-up ended and whether the server reported on it that it is unwell.
 */
class WatchedConnection implements MysqlPoolConnection {
  readonly generation: number
  readonly #raw: PoolConnection
  readonly #madeAt = performance.now()
  readonly #onUnwell: () => void
  #isUnwell = false
  #isSetUp = false
  #setUpFailure: unknown
  #waiting: ((failure: unknown) => void)[] = []

  constructor(raw: PoolConnection, generation: number, onUnwell: () => void) {
    this.#raw = raw
    this.generation = generation
    this.#onUnwell = onUnwell
  }

  get config(): object {
    return this.#raw.config
  }

  get threadId(): number {
    return this.#raw.threadId
  }

  isOutworn(generation: number): boolean {
    return this.generation < generation || performance.now() - this.#madeAt > LONGEST_LIFE_MS
  }

  /** Calls back when the set-up has ended, or at once: with its failure, or undefined when usable. */
  whenSetUp(tell: (failure: unknown) => void): void {
    if (this.#isSetUp) tell(this.#setUpFailure)
    else this.#waiting.push(tell)
  }

  setUp(failure: unknown): void {
    this.#isSetUp = true
    this.#setUpFailure = failure
    for (const tell of this.#waiting.splice(0)) tell(failure)
  }

  connect(callback?: (error: unknown) => void): void {
    this.#raw.connect(callback)
  }

  query(
    sql: string,
    parameters: unknown[],
    callback?: Parameters<MysqlPoolConnection['query']>[2],
  ): ReturnType<MysqlPoolConnection['query']> {
    if (!callback) return this.#raw.query(sql, parameters) as ReturnType<MysqlPoolConnection['query']>
    const query = this.#raw.query(sql, parameters, (error, result) => {
      if (error && isUnwell(error)) this.#giveUp()
      callback(error, result as Parameters<typeof callback>[1])
    })
    return query as ReturnType<MysqlPoolConnection['query']>
  }

  release(): void {
    if (this.#isUnwell) this.#raw.destroy()
    else this.#raw.release()
  }

  destroy(): void {
    this.#raw.destroy()
  }

  #giveUp(): void {
    this.#isUnwell = true
    this.#onUnwell()
  }
}
