import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createHttpService, type HttpService } from '../../src/http/http-service.ts'
import { sleep } from '../../src/runtime/backoff.ts'
import { FileLock } from '../../src/runtime/file-lock.ts'
import { createStatus } from '../../src/status/create-status.ts'
import { runProgram } from '../servers/child-program.ts'
import { freePort } from '../servers/server-process.ts'
import { countFigures } from './count.ts'
import type { Figures } from './ledger.ts'
import { Part } from './part.ts'
import type { PartLog } from './part-log.ts'
import { environmentOf, partsOf } from './parts.ts'
import { Servers } from './servers.ts'
import type { SandboxSettings } from './settings.ts'
import { readStatus, type StatusFigures } from './status.ts'

/** Longest time in which consumers may read what is left in RabbitMQ, ms. */
const DRAIN_MS = 120_000
const DRAIN_LOOK_MS = 300

/** The names of all that has lines of its own, in the order in which it starts. */
export const NAMES = [
  'rabbitmq',
  'mariadb',
  'clock',
  'api',
  'consumer-1',
  'consumer-2',
  'worker-1',
  'worker-2',
  'simulator',
] as const

/** RabbitMQ, MariaDB, the seven parts and their clock, from the start to the ledger. */
export class Sandbox {
  readonly env: NodeJS.ProcessEnv
  readonly #settings: SandboxSettings
  readonly #servers: Servers
  readonly #parts: readonly Part[]
  readonly #timeUrl: string
  readonly #release: () => void
  readonly #tree: HttpService

  /** Starts everything. Rejects with one sentence when the port of the API or the data folder is taken. */
  static async start(settings: SandboxSettings, log: PartLog): Promise<Sandbox> {
    mkdirSync(settings.data, { recursive: true, mode: 0o700 })
    if (await isTaken(settings.listen))
      throw new Error(`${settings.listen} is in use; set SANDBOX_LISTEN=HOST:PORT for the API of the sandbox`)
    const lock = FileLock.take(join(settings.data, 'lock'))
    if (!lock)
      throw new Error(`${settings.data} is the data folder of another sandbox; set SANDBOX_DATA=FOLDER`)
    let servers: Servers | undefined
    const tree = createHttpService(createStatus().handler, { host: '127.0.0.1', port: 0 })
    try {
      await tree.start()
      servers = await Servers.start(settings.data, (name, sentence) => log.news(name, sentence))
      const timeAddress = `127.0.0.1:${await freePort()}`
      const sandbox = new Sandbox(settings, {
        servers,
        timeAddress,
        log,
        tree,
        release: () => lock.release(),
      })
      await sandbox.#upgradeDatabase()
      for (const part of sandbox.#parts) part.start()
      return sandbox
    } catch (error) {
      await servers?.stop()
      await tree.stop()
      lock.release()
      throw error
    }
  }

  private constructor(
    settings: SandboxSettings,
    {
      servers,
      timeAddress,
      log,
      tree,
      release,
    }: {
      readonly servers: Servers
      readonly timeAddress: string
      readonly log: PartLog
      readonly tree: HttpService
      readonly release: () => void
    },
  ) {
    this.#settings = settings
    this.#servers = servers
    this.#release = release
    this.#tree = tree
    this.#timeUrl = `http://${timeAddress}/time`
    const urls = {
      amqp: servers.amqpUrl,
      database: servers.databaseUrl,
      time: this.#timeUrl,
      tree: `http://127.0.0.1:${tree.address().port}/`,
    }
    this.env = environmentOf(settings, urls, process.env)
    this.#parts = partsOf(settings, timeAddress).map(
      ({ name, command }) =>
        new Part({
          name,
          command,
          env: { ...this.env, HERMES_PARENT_URL: urls.tree, HERMES_MYNAME: name.replace('-', '_') },
          onLine: (line) => log.line(name, line),
          onNews: (sentence) => {
            log.news(name, sentence)
            this.#writeParts()
          },
        }),
    )
  }

  async #upgradeDatabase(): Promise<void> {
    const { code, stderr } = await runProgram(
      'stv3',
      ['db', 'upgrade', '-c', this.#settings.config],
      this.env,
    )
    if (code !== 0) throw new Error(`db upgrade: ${stderr.trim()}`)
  }

  /** Returns the process ids of servers and parts, by name; undefined while one does not run. */
  pids(): { readonly [name: string]: number | undefined } {
    return {
      rabbitmq: this.#servers.pid('rabbitmq'),
      mariadb: this.#servers.pid('mariadb'),
      ...Object.fromEntries(this.#parts.map(({ name, pid }) => [name, pid])),
    }
  }

  /** Keeps the process ids in a file, for the shell in a window of its own. */
  #writeParts(): void {
    writeFileSync(join(this.#settings.data, 'parts.json'), JSON.stringify(this.pids()))
  }

  /** Reads the figures of the status line. Rejects while the database is away. */
  async readStatus(): Promise<StatusFigures> {
    const figures = await readStatus(this.#settings.data, this.#servers.databaseUrl, this.#timeUrl)
    this.#writeParts()
    const running = this.#parts.filter(({ pid }) => pid !== undefined).length
    return { ...figures, running, parts: this.#parts.length }
  }

  /**
   * Stops everything in order: the simulator, the consumers when they have read all, workers, API, clock, the
   * servers. Returns what was counted before the servers stopped. When `hurry` aborts, nothing waits for the
   * consumers to read all.
   */
  async stop(tell: (sentence: string) => void, hurry: AbortSignal): Promise<Figures> {
    const stop = (prefix: string) =>
      Promise.all(this.#parts.filter(({ name }) => name.startsWith(prefix)).map((part) => part.stop()))
    tell('stopping the simulator')
    await stop('simulator')
    tell('the consumers read what is left in RabbitMQ; Ctrl-C again does not wait for them')
    await this.#drain(hurry)
    tell('stopping consumers and workers')
    await stop('consumer')
    await stop('worker')
    await Promise.all([stop('api'), stop('clock')])
    tell('counting')
    try {
      await this.#databaseAnswers()
      return await countFigures({
        data: this.#settings.data,
        archive: join(this.#settings.data, 'archive'),
        databaseUrl: this.#servers.databaseUrl,
        waiting: await this.#servers.waiting(),
      })
    } finally {
      tell('stopping RabbitMQ and MariaDB')
      await this.#end()
    }
  }

  /** Waits until the database answers, which may have been killed a moment ago, or has not for a long time. */
  async #databaseAnswers(): Promise<void> {
    const deadline = performance.now() + DRAIN_MS
    while (performance.now() < deadline) {
      const isThere = await this.readStatus().then(
        () => true,
        () => false,
      )
      if (isThere) return
      await sleep(DRAIN_LOOK_MS)
    }
  }

  /** Waits until RabbitMQ holds nothing, or has not for a long time. */
  async #drain(hurry: AbortSignal): Promise<void> {
    const deadline = performance.now() + DRAIN_MS
    while (!hurry.aborted && performance.now() < deadline) {
      if ((await this.#servers.waiting()) === 0) return
      await sleep(DRAIN_LOOK_MS, hurry)
    }
  }

  async #end(): Promise<void> {
    await this.#servers.stop()
    await this.#tree.stop()
    this.#release()
  }
}

/** Returns whether something listens on an address. */
function isTaken(address: string): Promise<boolean> {
  const [host, port] = [address.replace(/:\d+$/, ''), Number(address.replace(/^.*:/, ''))]
  return new Promise((resolve) => {
    const socket = connect(port, host === '0.0.0.0' ? '127.0.0.1' : host)
    const done = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}
