import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram, freePort, ServerProcess } from './server-process.ts'

export type RabbitmqOptions = {
  /** name of the node, by which it finds the data of an earlier run in its folder; default: one of its own */
  readonly node?: string
  /** whether the server has a process group of its own */
  readonly isDetached?: boolean
}

/** A private RabbitMQ with a node, folders, ports and port mapper of its own. */
export class Rabbitmq {
  readonly #env: NodeJS.ProcessEnv
  readonly #port: number
  readonly #mapper: ServerProcess
  readonly #isDetached: boolean
  #server: ServerProcess | undefined

  static async start(folder: string, options: RabbitmqOptions = {}): Promise<Rabbitmq> {
    await mkdir(folder, { recursive: true })
    const [port, distributionPort, mapperPort] = [await freePort(), await freePort(), await freePort()]
    const mapper = new ServerProcess(
      findProgram('epmd'),
      ['-address', '127.0.0.1', '-port', String(mapperPort)],
      { detached: options.isDetached ?? false },
    )
    const rabbitmq = new Rabbitmq(folder, { port, distributionPort, mapperPort }, mapper, options)
    try {
      await mapper.listening(mapperPort)
      await rabbitmq.resume()
    } catch (error) {
      await rabbitmq.stop()
      throw error
    }
    return rabbitmq
  }

  private constructor(
    folder: string,
    ports: { readonly port: number; readonly distributionPort: number; readonly mapperPort: number },
    mapper: ServerProcess,
    { node = `stacktach-test-${ports.port}`, isDetached = false }: RabbitmqOptions,
  ) {
    this.#port = ports.port
    this.#mapper = mapper
    this.#isDetached = isDetached
    this.#env = {
      ...process.env,
      HOME: folder,
      ERL_EPMD_PORT: String(ports.mapperPort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: `${node}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(ports.port),
      RABBITMQ_DIST_PORT: String(ports.distributionPort),
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      // In the folder of who started the node otherwise.
      ERL_CRASH_DUMP: join(folder, 'erl_crash.dump'),
      RABBITMQ_PID_FILE: join(folder, 'pid'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    }
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.#port}`
  }

  /** Whether the node has ended by itself. */
  get hasEnded(): boolean {
    return this.#server?.hasEnded ?? false
  }

  /** Stops the node. Durable queues keep their messages. */
  async pause(): Promise<void> {
    await this.#server?.stop()
    this.#server = undefined
  }

  /** Kills the node, as a power cut would. Durable queues and streams keep what they have confirmed. */
  async kill(): Promise<void> {
    const pid = Number(await readFile(this.#env.RABBITMQ_PID_FILE as string, 'utf8'))
    process.kill(pid, 'SIGKILL')
    await this.pause()
  }

  /** Starts the node on the same data and port. */
  async resume(): Promise<void> {
    // The script in /usr/sbin requires the account and folders of the system's instance.
    const program = findProgram('/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server')
    this.#server = new ServerProcess(program, [], { env: this.#env, detached: this.#isDetached })
    await this.#server.listening(this.#port)
  }

  /** Runs rabbitmqctl on the node. Returns its output. Rejects with its error message when it fails. */
  async control(...args: string[]): Promise<string> {
    const program = findProgram('/usr/lib/rabbitmq/bin/rabbitmqctl', 'rabbitmqctl')
    const { stdout } = await promisify(execFile)(program, ['--quiet', ...args], { env: this.#env })
    return stdout
  }

  /** Stops the node, then the port mapper, from which the node deregisters. */
  async stop(): Promise<void> {
    await this.pause()
    await this.#mapper.stop()
  }
}

/** Starts a server and adds its stop to `stops`. Returns its URL. */
export async function startRabbitmq(folder: string, stops: (() => Promise<void>)[]): Promise<string> {
  const rabbitmq = await Rabbitmq.start(folder)
  stops.push(() => rabbitmq.stop())
  return rabbitmq.url
}
