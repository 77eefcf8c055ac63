import { join } from 'node:path'
import { ChildProgram, type ProgramResult, runProgram } from '../../../sandbox/servers/child-program.ts'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { type Client, createClient, type ListedEvent, type RestStream } from '../../../src/client/client.ts'
import { archivedIds } from '../../support/archived-ids.ts'
import { until } from '../../support/until.ts'

/** Of a slow machine that does other things too. */
const LIMIT_MS = 300_000

export type ProductOptions = {
  /** yagi.conf */
  readonly config: string
  /** where the archive goes */
  readonly folder: string
  readonly amqpUrl: string
  /** of an empty database */
  readonly databaseUrl: string
  /** what moves their clock */
  readonly clock: NodeJS.ProcessEnv
}

export type StreamWithEvents = RestStream & { readonly messageIds: readonly string[] }

/** A consumer, a worker and the API, each a process of its own on the clock of a cloud. */
export class Product {
  readonly client: Client
  readonly #archive: string
  readonly #config: string
  readonly #env: NodeJS.ProcessEnv
  readonly #programs: ChildProgram[] = []

  /** Creates the schema and starts all three; answers when the consumer looks for its queues. */
  static async start(options: ProductOptions): Promise<Product> {
    const port = await freePort()
    const product = new Product(options, port)
    const { code, stderr } = await product.run('db', 'upgrade')
    if (code !== 0) throw new Error(`db upgrade: ${stderr}`)
    const consumer = product.#start('consume')
    product.#start('work')
    product.#start('api', '--listen', `127.0.0.1:${port}`)
    const looks = () => {
      if (product.ended !== undefined) throw new Error(product.ended)
      return consumer.stderr.includes('queue notifications.info')
    }
    try {
      await until('the consumer to look for its queues', looks, LIMIT_MS)
    } catch (error) {
      await product.stop()
      throw error
    }
    return product
  }

  private constructor({ config, folder, amqpUrl, databaseUrl, clock }: ProductOptions, port: number) {
    this.#archive = join(folder, 'archive')
    this.client = createClient({ url: `http://127.0.0.1:${port}` })
    this.#config = config
    this.#env = {
      ...clock,
      STACKTACH_AMQP_URL: amqpUrl,
      STACKTACH_DATABASE_URL: databaseUrl,
      STACKTACH_ARCHIVE: this.#archive,
    }
  }

  #start(command: string, ...args: string[]): ChildProgram {
    const program = new ChildProgram('stv3', [command, '-c', this.#config, ...args], this.#env)
    this.#programs.push(program)
    return program
  }

  /** Runs a command of `stv3` with the same configuration to its end. */
  run(...args: string[]): Promise<ProgramResult> {
    return runProgram('stv3', [...args, '-c', this.#config], this.#env)
  }

  /** The sentence of the first program that has ended by itself. */
  get ended(): string | undefined {
    const program = this.#programs.find(({ isRunning }) => !isRunning)
    return program && `${program.child.spawnargs.slice(2, 3)} has ended: ${program.stderr.slice(-2000)}`
  }

  /** The ids of all messages in the archive. */
  archived(): string[] {
    return archivedIds(this.#archive, { isOpen: true })
  }

  async events(): Promise<ListedEvent[]> {
    return Array.fromAsync(this.client.events({ limit: 1000 }))
  }

  /** All streams, with the ids of their messages. */
  async streams(): Promise<StreamWithEvents[]> {
    const streams = await Array.fromAsync(this.client.streams({ limit: 1000 }))
    return Promise.all(
      streams.map(async (stream) => {
        const { events = [] } = await this.client.getStream(stream.id, { details: true })
        return { ...stream, messageIds: events.map(({ message_id }) => message_id) }
      }),
    )
  }

  /** Ends all; answers how each ended. */
  stop(): Promise<ProgramResult[]> {
    return Promise.all(this.#programs.map((program) => program.stop()))
  }
}
