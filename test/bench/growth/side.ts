import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { ChildProgram } from '../../../sandbox/servers/child-program.ts'
import { type BenchDatabase, newestId, startDaemon } from '../drain.ts'

export type TurnCounts = { readonly events: number; readonly seconds: number }

/** A consumer and its database server, both of which stand still while it is not their turn. */
export class Side {
  readonly #consumer: ChildProgram
  readonly #serverPid: number
  readonly #connection: Connection
  #newest: number

  /** The queue is full. */
  static async start(database: BenchDatabase): Promise<Side> {
    const connection = await createConnection(database.url)
    const [[row]] = await connection.query<RowDataPacket[]>('select @@pid_file as file')
    const serverPid = Number(readFileSync(row?.file, 'utf8'))
    const consumer = await startDaemon('consume', database, 'reading queue')
    const side = new Side(consumer, serverPid, connection, await newestId(connection))
    side.#signal('SIGSTOP')
    return side
  }

  private constructor(consumer: ChildProgram, serverPid: number, connection: Connection, newest: number) {
    this.#consumer = consumer
    this.#serverPid = serverPid
    this.#connection = connection
    this.#newest = newest
  }

  /** Lets it run for a while. */
  async turn(ms: number): Promise<TurnCounts> {
    this.#signal('SIGCONT')
    const begun = performance.now()
    await delay(ms)
    const before = this.#newest
    this.#newest = await newestId(this.#connection)
    const seconds = (performance.now() - begun) / 1000
    this.#signal('SIGSTOP')
    if (this.#newest === before) throw new Error(`nothing was stored in a turn: ${this.#consumer.stderr}`)
    return { events: this.#newest - before, seconds }
  }

  /** Ends the consumer; the server goes on. */
  async stop(): Promise<void> {
    this.#signal('SIGCONT')
    await this.#connection.end()
    await this.#consumer.stop()
  }

  #signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#consumer.child.kill(signal)
    process.kill(this.#serverPid, signal)
  }
}
