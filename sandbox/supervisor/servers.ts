import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { messageOf } from '../../src/domain/errors.ts'
import { Backoff, sleep } from '../../src/runtime/backoff.ts'
import { Mariadb } from '../servers/mariadb.ts'
import { Rabbitmq } from '../servers/rabbitmq.ts'

const DATABASE = 'winchester'
const LOOK_MS = 300

export type ServerName = 'rabbitmq' | 'mariadb'

/** RabbitMQ and MariaDB of the sandbox. Each is started again on its data when it ends. */
export class Servers {
  readonly #folder: string
  readonly #rabbitmq: Rabbitmq
  readonly #mariadb: Mariadb
  readonly #stopping = new AbortController()
  readonly #watches: Promise<void>[]

  /** Starts both, on the data of an earlier run if there is any. */
  static async start(folder: string, onNews: (name: ServerName, text: string) => void): Promise<Servers> {
    const [rabbitmq, mariadb] = await Promise.allSettled([
      Rabbitmq.start(join(folder, 'rabbitmq'), { node: 'stacktach-sandbox', isDetached: true }),
      Mariadb.open(join(folder, 'mariadb')),
    ])
    if (rabbitmq.status === 'fulfilled' && mariadb.status === 'fulfilled') {
      const servers = new Servers(folder, rabbitmq.value, mariadb.value, onNews)
      await servers.#createDatabase()
      return servers
    }
    for (const one of [rabbitmq, mariadb]) if (one.status === 'fulfilled') await one.value.stop()
    throw rabbitmq.status === 'rejected' ? rabbitmq.reason : (mariadb as PromiseRejectedResult).reason
  }

  private constructor(
    folder: string,
    rabbitmq: Rabbitmq,
    mariadb: Mariadb,
    onNews: (name: ServerName, text: string) => void,
  ) {
    this.#folder = folder
    this.#rabbitmq = rabbitmq
    this.#mariadb = mariadb
    this.#watches = [this.#watch('rabbitmq', rabbitmq, onNews), this.#watch('mariadb', mariadb, onNews)]
  }

  get amqpUrl(): string {
    return this.#rabbitmq.url
  }

  get databaseUrl(): string {
    return `${this.#mariadb.url}/${DATABASE}`
  }

  /** Returns the process id of a server; undefined while it does not run. */
  pid(name: ServerName): number | undefined {
    const file = join(this.#folder, name, 'pid')
    const isRunning = !(name === 'rabbitmq' ? this.#rabbitmq : this.#mariadb).hasEnded
    return isRunning && existsSync(file) ? Number(readFileSync(file, 'utf8')) || undefined : undefined
  }

  /** Returns how many messages RabbitMQ holds in all queues, in hand of consumers too; undefined while it is away. */
  async waiting(): Promise<number | undefined> {
    try {
      const text = await this.#rabbitmq.control('list_queues', '--no-table-headers', 'messages')
      return text.split('\n').reduce((sum, line) => sum + (Number(line) || 0), 0)
    } catch {
      return undefined
    }
  }

  async #createDatabase(): Promise<void> {
    const connection = await createConnection(this.#mariadb.url)
    await connection.query(`create database if not exists ${DATABASE}`)
    await connection.end()
  }

  async #watch(
    name: ServerName,
    server: { readonly hasEnded: boolean; resume(): Promise<void> },
    onNews: (name: ServerName, text: string) => void,
  ): Promise<void> {
    const { signal } = this.#stopping
    const backoff = new Backoff({ initialMs: 500, maxMs: 15_000 })
    while (!signal.aborted) {
      await sleep(LOOK_MS, signal)
      if (signal.aborted || !server.hasEnded) continue
      const ms = backoff.next()
      onNews(name, `ended; starting it again in ${(ms / 1000).toFixed(1)} s`)
      await sleep(ms, signal)
      if (signal.aborted) return
      await server.resume().then(
        () => {
          onNews(name, 'runs again')
          backoff.reset()
        },
        (error) => onNews(name, messageOf(error)),
      )
    }
  }

  /** Stops both. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#watches)
    await Promise.all([this.#rabbitmq.stop(), this.#mariadb.stop()])
  }
}
