import { join } from 'node:path'
import { type ConfirmChannel, connect } from 'amqplib'
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise'
import { inject } from 'vitest'
import { CloudClock } from '../../../sandbox/cloud/cloud-clock.ts'
import { ChildProgram, runProgram } from '../../../sandbox/servers/child-program.ts'
import { Mariadb } from '../../../sandbox/servers/mariadb.ts'
import { createMysqlDatabase } from '../../../sandbox/servers/mysql-store.ts'
import { MICROS_PER_SECOND, type Micros } from '../../../src/domain/time.ts'
import { copyConfig } from '../copy-config.ts'
import { until } from '../until.ts'

/** Of a slow machine that does other things too. */
const LIMIT_MS = 300_000

/** Hours that pass in a moment would be taken for a wait without end, at which the server kills itself. */
const WAITS_FOR_EVER = '--innodb-fatal-semaphore-wait-threshold=4294967295'

/** When a stream is due, of whatever kind. */
const DUE = 'least(coalesce(fire_timestamp, expire_timestamp), expire_timestamp)'

export type Role = 'consumers' | 'workers'
/** Number of a queue. */
export type QueueNumber = number

export type MovedSystemOptions = {
  /** what the clock shows at first */
  readonly start: Micros
  readonly queues: number
  readonly consumersPerQueue: number
  readonly workers: number
}

type Broker = Awaited<ReturnType<typeof connect>>
type Running = { readonly role: Role; readonly queue: QueueNumber; readonly program: ChildProgram }

/**
 * Real consumers and workers of the shipped configuration, and a MariaDB of their own, whose wall clocks are moved
 * together: days pass in a moment. RabbitMQ stays on the machine's clock, on which nothing depends.
 */
export class MovedSystem {
  readonly folder: string
  readonly clock: CloudClock
  readonly databaseUrl: string
  readonly #options: MovedSystemOptions
  readonly #server: Mariadb
  readonly #pool: Pool
  readonly #name: string
  readonly #configs: readonly string[]
  readonly #broker: Broker
  readonly #channel: ConfirmChannel
  #running: Running[] = []

  /** Creates clock, database and queues, and starts all consumers and workers. */
  static async start(folder: string, name: string, options: MovedSystemOptions): Promise<MovedSystem> {
    const clock = await CloudClock.create(folder, options.start / 1000)
    const server = await Mariadb.start(join(folder, 'mariadb'), [WAITS_FOR_EVER], clock.env)
    const databaseUrl = await createMysqlDatabase(server.url, 'outages')
    const broker = await connect(inject('amqpUrl'))
    const channel = await broker.createConfirmChannel()
    const system = new MovedSystem({ folder, name, options, clock, server, databaseUrl, broker, channel })
    try {
      const upgrade = await system.run('db', 'upgrade')
      if (upgrade.code !== 0) throw new Error(`db upgrade: ${upgrade.stderr}`)
      await system.up()
      await until('the queues to be read', () => system.#areQueuesRead(), LIMIT_MS)
    } catch (error) {
      await system.stop()
      throw error
    }
    return system
  }

  private constructor(parts: {
    readonly folder: string
    readonly name: string
    readonly options: MovedSystemOptions
    readonly clock: CloudClock
    readonly server: Mariadb
    readonly databaseUrl: string
    readonly broker: Broker
    readonly channel: ConfirmChannel
  }) {
    this.folder = parts.folder
    this.clock = parts.clock
    this.databaseUrl = parts.databaseUrl
    this.#options = parts.options
    this.#server = parts.server
    this.#pool = createPool({ uri: parts.databaseUrl, connectionLimit: 2 })
    this.#name = parts.name
    this.#broker = parts.broker
    this.#channel = parts.channel
    this.#configs = Array.from({ length: parts.options.queues }, (_, queue) =>
      copyConfig(join(parts.folder, `config-${queue}`), [[/monitor\.info/g, this.queueName(queue)]]),
    )
  }

  queueName(queue: QueueNumber): string {
    return `outages.${this.#name}.${queue}`
  }

  /** Returns the time of the moved clock. */
  now(): Micros {
    return this.clock.now() * 1000
  }

  /** Moves the clock to a time, or leaves it where it is past that already. */
  moveTo(time: Micros): void {
    if (time > this.now()) this.clock.moveTo(time / 1000)
  }

  /** Starts the consumers and workers that are not running. */
  async up(): Promise<void> {
    const { queues, consumersPerQueue, workers } = this.#options
    for (let queue = 0; queue < queues; queue++) this.#startMissing('consumers', queue, consumersPerQueue)
    this.#startMissing('workers', 0, workers)
  }

  #startMissing(role: Role, queue: QueueNumber, wanted: number): void {
    const running = this.#running.filter((one) => one.role === role && one.queue === queue)
    for (let count = running.length; count < wanted; count++) this.#start(role, queue)
  }

  /** Ends all processes of these roles, or those of one queue only, and waits until they have ended. */
  async down(roles: readonly Role[], signal: NodeJS.Signals, only?: QueueNumber): Promise<void> {
    const ended = this.#running.filter(
      ({ role, queue }) => roles.includes(role) && (only === undefined || queue === only),
    )
    this.#running = this.#running.filter((one) => !ended.includes(one))
    await Promise.all(ended.map(({ program }) => program.stop(signal)))
  }

  #start(role: Role, queue: QueueNumber): void {
    const command = role === 'consumers' ? 'consume' : 'work'
    const program = new ChildProgram('stv3', [command, '-c', this.#config(queue)], this.#env)
    this.#running.push({ role, queue, program })
  }

  #config(queue: QueueNumber): string {
    return this.#configs[queue] as string
  }

  get #env(): NodeJS.ProcessEnv {
    return {
      ...this.clock.env,
      STACKTACH_AMQP_URL: inject('amqpUrl'),
      STACKTACH_DATABASE_URL: this.databaseUrl,
      STACKTACH_ARCHIVE: this.archive,
      STACKTACH_LOG_LEVEL: 'warn',
    }
  }

  get archive(): string {
    return join(this.folder, 'archive')
  }

  /** Runs a command of `stv3` on the moved clock to its end. */
  run(...args: string[]) {
    return runProgram('stv3', [...args, '-c', this.#config(0)], this.#env)
  }

  /** Publishes a file to a queue with `stv3 publish`, at full speed. */
  async publishFile(queue: QueueNumber, file: string): Promise<void> {
    const args = ['publish', file, '-c', this.#config(queue)]
    const { code, stderr } = await runProgram('stv3', args, this.#env)
    if (code !== 0) throw new Error(`publish: ${stderr}`)
  }

  /** Publishes messages to a queue, and waits until the broker has them. */
  async publish(queue: QueueNumber, bodies: readonly string[]): Promise<void> {
    // Not persistent: the broker stays, and takes them at once.
    for (const body of bodies) this.#channel.sendToQueue(this.queueName(queue), Buffer.from(body))
    await this.#channel.waitForConfirms()
  }

  /** Kills the database server, as a power cut would. */
  async databaseDown(): Promise<void> {
    await this.#server.stop('SIGKILL')
  }

  /** Starts the database server again. */
  async databaseUp(): Promise<void> {
    await this.#server.resume()
  }

  /** Throws when a program or the database server has ended by itself. */
  requireRunning(): void {
    if (this.#server.hasEnded) throw new Error(`the database server has ended: ${this.#server.output}`)
    const ended = this.#running.find(({ program }) => !program.isRunning)
    if (ended) throw new Error(`one of the ${ended.role} has ended: ${ended.program.stderr.slice(-2000)}`)
  }

  async #ask(columns: string): Promise<RowDataPacket> {
    this.requireRunning()
    const [[row]] = await this.#pool.query<RowDataPacket[]>(`select ${columns}`)
    return row as RowDataPacket
  }

  /** Returns the number of messages that became an event or a dead letter. */
  async countTaken(): Promise<number> {
    const { events, letters } = await this.#ask(`(select count(*) from event
      join event_type on event_type.id = event_type_id
      where not (\`desc\` regexp 'exists[.]|unbilled')) as events, (select count(*) from dead_letter) as letters`)
    return Number(events) + Number(letters)
  }

  /** Returns when the first and the last of the streams that wait are due; infinity where none waits. */
  async dueTimes(): Promise<{ readonly first: Micros; readonly last: Micros }> {
    const { first, last } = await this.#ask(
      `min(${DUE}) as first, max(${DUE}) as last from stream where state = 1`,
    )
    const timeOf = (value: unknown) => (value === null ? Number.POSITIVE_INFINITY : Number(value))
    return { first: timeOf(first), last: timeOf(last) }
  }

  /** Waits until so many messages are taken. */
  async taken(count: number): Promise<void> {
    let seen = 0
    const isTaken = async () => {
      seen = await this.countTaken()
      return seen >= count
    }
    try {
      await until(`${count} messages to be taken`, isTaken, LIMIT_MS)
    } catch (error) {
      throw new Error(`${seen} of ${count} messages are taken`, { cause: error })
    }
  }

  /** Waits until workers have run what was due a second ago. */
  async settled(): Promise<void> {
    const before = Math.floor(this.now() - MICROS_PER_SECOND)
    const isSettled = async () => {
      const { waiting } = await this.#ask(
        `count(*) as waiting from stream where state <> 6 and (state <> 1 or ${DUE} < ${before})`,
      )
      return Number(waiting) === 0
    }
    await until('streams that are due to be run', isSettled, LIMIT_MS)
  }

  async #areQueuesRead(): Promise<boolean> {
    this.requireRunning()
    const channel = await this.#broker.createChannel()
    // A queue that is not there yet costs the channel.
    channel.on('error', () => {})
    try {
      for (let queue = 0; queue < this.#options.queues; queue++) {
        const { consumerCount } = await channel.checkQueue(this.queueName(queue))
        if (consumerCount < this.#options.consumersPerQueue) return false
      }
      await channel.close()
      return true
    } catch {
      return false
    }
  }

  /** Ends everything and deletes the queues. */
  async stop(): Promise<void> {
    await this.down(['consumers', 'workers'], 'SIGTERM')
    await this.#pool.end()
    const channel = await this.#broker.createChannel()
    for (let queue = 0; queue < this.#options.queues; queue++) {
      await channel.deleteQueue(this.queueName(queue))
    }
    await this.#broker.close()
    await this.#server.stop()
  }
}
