import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { lowWatermark } from '../../src/clock/low-watermark.ts'
import { parseIso } from '../../src/domain/time.ts'
import type { Store } from '../../src/store/store.ts'
import { ChildProgram, runProgram } from './child-program.ts'
import { createMysqlStore } from './mysql-store.ts'
import { freePort } from './server-process.ts'

const SHIPPED = resolve(import.meta.dirname, '../../config/yagi.conf')

export type DeploymentOptions = {
  readonly amqpUrl: string
  /** URL of an empty database */
  readonly databaseUrl: string
  /** URL for inspecting the database, if the programs reach it another way */
  readonly storeUrl?: string
  /** folder for the archives of the consumers */
  readonly archiveFolder: string
  readonly consumers: number
  readonly workers: number
  /** path of a yagi.conf, default the shipped one */
  readonly config?: string
  /** command with arguments that runs each consumer as its child */
  readonly consumerWrapper?: readonly string[]
  /** the event clock: that of a time service (as a default), or the one that follows from positions of consumers */
  readonly clock?: 'time-server' | 'auto'
  /** heap limit of each consumer, MB */
  readonly consumerHeapMb?: number
}

/**
 * Consumers, workers and a time service, each in a process of its own.
 *
 * @example
 * const deployment = await Deployment.start({ ...urls, archiveFolder, consumers: 2, workers: 2 })
 * await deployment.publish('day.jsonl.gz')
 * await deployment.settled(4187)
 * await deployment.stop()
 */
export class Deployment {
  readonly #env: NodeJS.ProcessEnv
  readonly #config: string
  /** undefined: there is no time service */
  readonly #timeUrl: string | undefined
  readonly #consumerWrapper: readonly string[]
  readonly #consumerEnv: NodeJS.ProcessEnv
  readonly consumers: ChildProgram[] = []
  readonly workers: ChildProgram[] = []
  readonly #timeServer: ChildProgram | undefined
  readonly store: Store

  /** Creates the schema and starts everything. */
  static async start(options: DeploymentOptions): Promise<Deployment> {
    const port = await freePort()
    const timeUrl = options.clock === 'auto' ? '' : `http://127.0.0.1:${port}/time`
    const env = environment(options, timeUrl)
    const upgrade = await runProgram('stv3', ['db', 'upgrade', '-c', options.config ?? SHIPPED], env)
    if (upgrade.code !== 0) throw new Error(`db upgrade: ${upgrade.stderr}`)
    const store = await createMysqlStore(options.storeUrl ?? options.databaseUrl)
    const deployment = new Deployment(options, env, port, store)
    for (let count = 0; count < options.consumers; count++) deployment.startConsumer()
    for (let count = 0; count < options.workers; count++) deployment.startWorker()
    return deployment
  }

  private constructor(options: DeploymentOptions, env: NodeJS.ProcessEnv, port: number, store: Store) {
    this.#config = options.config ?? SHIPPED
    this.#env = env
    this.#consumerWrapper = options.consumerWrapper ?? []
    const heap = options.consumerHeapMb
    this.#consumerEnv = heap === undefined ? env : { ...env, NODE_OPTIONS: `--max-old-space-size=${heap}` }
    if (options.clock !== 'auto') {
      this.#timeUrl = `http://127.0.0.1:${port}/time`
      this.#timeServer = new ChildProgram('stv3', ['time-server', '--listen', `127.0.0.1:${port}`], env)
    }
    this.store = store
  }

  startConsumer(): ChildProgram {
    const args = ['consume', '-c', this.#config]
    const consumer = new ChildProgram('stv3', args, this.#consumerEnv, undefined, this.#consumerWrapper)
    this.consumers.push(consumer)
    return consumer
  }

  startWorker(): ChildProgram {
    const worker = new ChildProgram('stv3', ['work', '-c', this.#config], this.#env)
    this.workers.push(worker)
    return worker
  }

  /** Publishes a file of notifications to the queue. */
  publish(file: string): Promise<void> {
    return this.#run(['publish', file])
  }

  /** Publishes the notifications of the simulator. `options` are those of `stv3 generate`. */
  generate(options: readonly string[]): Promise<void> {
    return this.#run(['generate', '--to', 'amqp', ...options])
  }

  async #run(args: readonly string[]): Promise<void> {
    const { code, stderr } = await runProgram('stv3', [...args, '-c', this.#config], this.#env)
    if (code !== 0) throw new Error(`${args[0]}: ${stderr}`)
  }

  /** Returns the number of events that came in, without those that pipelines produced. */
  async countIncoming(): Promise<number> {
    return (await this.store.countEvents({}, ALL)) - (await this.countResults())
  }

  /** Returns the number of events that usage verification produced. */
  async countResults(): Promise<number> {
    const lists = await Promise.all(
      RESULT_TYPES.map((eventType) => this.store.listEvents({ eventType }, EVERYTHING)),
    )
    return lists.flat().filter(({ traits }) => traits.stream_id !== undefined).length
  }

  /** Waits until this many events have come in and no stream is due by the event clock any more. */
  async settled(events: number, timeoutMs = 120_000): Promise<void> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const stored = await this.countIncoming()
      const waiting = stored >= events ? await this.#dueStreams() : -1
      if (waiting === 0) return
      if (Date.now() > deadline) throw new Error(`not settled: ${stored} events, ${waiting} streams due`)
      await delay(100)
    }
  }

  async #dueStreams(): Promise<number> {
    const streams = await this.allStreams()
    const newest = Math.max(...streams.map(({ lastEvent }) => lastEvent))
    const now = this.#timeUrl
      ? (parseIso(await (await fetch(this.#timeUrl)).text()) ?? 0)
      : await this.#followingNow()
    // The clock reaches the newest event only when every consumer has stored what it had.
    if (now < newest) return -1
    return streams.filter(
      ({ state, fireTimestamp }) =>
        state === 'firing' ||
        state === 'expiring' ||
        (state === 'active' && fireTimestamp !== null && fireTimestamp < now),
    ).length
  }

  /** Returns the wall clock, or 0 while a consumer holds the event clock. */
  async #followingNow(): Promise<number> {
    const reports = await this.store.readReports()
    const wallNow = Date.now() * 1000
    const { hold } = lowWatermark(reports, { wallNow, patienceMs: 86_400_000 })
    return hold ? 0 : wallNow
  }

  async allStreams() {
    const streams = []
    for (let mark: number | undefined; ; mark = streams.at(-1)?.id) {
      const page = await this.store.listStreams({}, { limit: 1000, mark, ascending: true })
      streams.push(...page)
      if (page.length === 0) return streams
    }
  }

  /** Stops everything in order. Returns the exit codes of consumers and workers. */
  async stop(): Promise<(number | null)[]> {
    const results = await Promise.all([...this.consumers, ...this.workers].map((process) => process.stop()))
    await this.#timeServer?.stop()
    await this.store.close()
    return results.map(({ code }) => code)
  }
}

const ALL = { limit: 1, mark: undefined, ascending: true }
const EVERYTHING = { ...ALL, limit: 1_000_000 }
const RESULT_TYPES = [
  'exists.verified',
  'exists.failed',
  'exists.warnings',
  'exists.day.verified',
  'exists.day.failed',
  'unbilled',
].flatMap((result) => [`compute.instance.${result}`, `instance.${result}`])

function environment(options: DeploymentOptions, timeUrl: string): NodeJS.ProcessEnv {
  return {
    STACKTACH_AMQP_URL: options.amqpUrl,
    STACKTACH_DATABASE_URL: options.databaseUrl,
    STACKTACH_ARCHIVE: options.archiveFolder,
    STACKTACH_TIME_SYNC: timeUrl,
    STACKTACH_LOG_LEVEL: 'warn',
  }
}
