import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { findProgram, freePort, ServerProcess } from './server-process.ts'

const run = promisify(execFile)
const PASSWORD = 'stacktach-test'

/** A private MariaDB with default settings, and with a data folder and port of its own. */
export class Mariadb {
  readonly #folder: string
  readonly #port: number
  readonly #env: NodeJS.ProcessEnv
  readonly #isDetached: boolean
  #options: readonly string[]
  #process: ServerProcess

  /** Creates the data folder and starts the server on it, with additional options and variables if given. */
  static async start(
    folder: string,
    options: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    /** whether the server has a process group of its own */
    isDetached = false,
  ): Promise<Mariadb> {
    const install = findProgram('mariadb-install-db', 'mysql_install_db')
    const TMPDIR = join(folder, 'tmp')
    await mkdir(TMPDIR, { recursive: true })
    const flags = ['--auth-root-authentication-method=normal', '--skip-test-db', ...account()]
    // With a temporary folder of its own: another server that starts would delete its tables.
    await run(install, ['--no-defaults', `--datadir=${join(folder, 'data')}`, ...flags], {
      env: { ...process.env, TMPDIR },
    })
    const server = new Mariadb(folder, await freePort(), options, env, isDetached)
    await server.#process.listening(server.#port)
    const connection = await createConnection({ socketPath: join(folder, 'socket'), user: 'root' })
    await connection.query(`create user 'stacktach'@'%' identified by '${PASSWORD}'`)
    await connection.query("grant all on *.* to 'stacktach'@'%' with grant option")
    await connection.end()
    return server
  }

  /**
   * Starts a detached server on the data folder of an earlier run, or on a new one where there is none or it
   * was never ready.
   */
  static async open(folder: string, options: readonly string[] = []): Promise<Mariadb> {
    const ready = join(folder, 'ready')
    if (!existsSync(ready)) {
      await rm(folder, { recursive: true, force: true })
      const created = await Mariadb.start(folder, options, {}, true)
      await writeFile(ready, '')
      return created
    }
    const server = new Mariadb(folder, await freePort(), options, {}, true)
    await server.#process.listening(server.#port)
    return server
  }

  private constructor(
    folder: string,
    port: number,
    options: readonly string[],
    env: NodeJS.ProcessEnv,
    isDetached: boolean,
  ) {
    this.#folder = folder
    this.#port = port
    this.#env = env
    this.#isDetached = isDetached
    this.#options = options
    this.#process = this.#launch()
  }

  /** URL of an account that may create databases, without a database name. */
  get url(): string {
    return `mysql://stacktach:${PASSWORD}@127.0.0.1:${this.#port}`
  }

  /** Whether the server has ended by itself. */
  get hasEnded(): boolean {
    return this.#process.hasEnded
  }

  /** The end of what the server has written. */
  get output(): string {
    return this.#process.output
  }

  /**
   * Stops the server (with SIGKILL as a power cut would) and starts it again on the same data and port, with
   * other options if given.
   */
  async restart(signal: NodeJS.Signals, options: readonly string[] = this.#options): Promise<void> {
    await this.stop(signal)
    this.#options = options
    await this.resume()
  }

  /** Starts the server again, after a stop, on the same data and port. */
  async resume(): Promise<void> {
    this.#process = this.#launch()
    await this.#process.listening(this.#port)
  }

  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.#process.stop(signal)
  }

  #launch(): ServerProcess {
    return new ServerProcess(
      findProgram('mariadbd', 'mysqld'),
      [
        '--no-defaults',
        `--datadir=${join(this.#folder, 'data')}`,
        // A starting server deletes all temporary tables in this folder, those of other servers too.
        `--tmpdir=${join(this.#folder, 'tmp')}`,
        `--socket=${join(this.#folder, 'socket')}`,
        `--port=${this.#port}`,
        '--bind-address=127.0.0.1',
        `--pid-file=${join(this.#folder, 'pid')}`,
        '--max-connections=400',
        ...account(),
        ...this.#options,
      ],
      { env: { ...process.env, ...this.#env }, detached: this.#isDetached },
    )
  }
}

function account(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : []
}

/** Starts a server and adds its stop to `stops`. Returns its URL. */
export async function startMariadb(folder: string, stops: (() => Promise<void>)[]): Promise<string> {
  const server = await Mariadb.start(folder)
  stops.push(() => server.stop())
  return server.url
}
