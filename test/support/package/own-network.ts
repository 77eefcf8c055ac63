import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

const SERVERS = resolve(import.meta.dirname, 'network-servers.ts')

/**
 * A network namespace that has nothing but its own loopback, with a RabbitMQ and a MariaDB in it.
 *
 * @example
 * const network = await OwnNetwork.open()
 * spawn(...network.enter(['stv3', 'consume', '-c', 'yagi.conf']))
 * await network.close()
 */
export class OwnNetwork {
  readonly #holder: ChildProcess
  readonly amqpUrl: string
  /** URL of an empty database */
  readonly databaseUrl: string

  static async open(): Promise<OwnNetwork> {
    const start = ['--net', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"', process.execPath, SERVERS]
    const holder = spawn('unshare', start, { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: holder.stdout })
    const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')])
    if (line === undefined) throw new Error('the servers of the network did not start; see the lines above')
    return new OwnNetwork(holder, JSON.parse(line))
  }

  private constructor(holder: ChildProcess, urls: { amqpUrl: string; databaseUrl: string }) {
    this.#holder = holder
    this.amqpUrl = urls.amqpUrl
    this.databaseUrl = urls.databaseUrl
  }

  /** Returns a command that runs in the network; it keeps its process id. */
  enter(command: readonly string[]): readonly [string, ...string[]] {
    return ['nsenter', `--net=/proc/${this.#holder.pid}/ns/net`, ...command]
  }

  async close(): Promise<void> {
    const ended = once(this.#holder, 'close')
    this.#holder.stdin?.end()
    await ended
  }
}
