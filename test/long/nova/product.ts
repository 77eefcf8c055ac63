import { join } from 'node:path'
import { ChildProgram, type ProgramResult, runProgram } from '../../../sandbox/servers/child-program.ts'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { type Client, createClient, type ListedEvent, type RestStream } from '../../../src/client/client.ts'

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
  readonly archive: string
  readonly #config: string
  readonly #env: NodeJS.ProcessEnv
  readonly #programs: ChildProgram[] = []

  /** Creates the schema and starts all three. */
  static async start(options: ProductOptions): Promise<Product> {
    const product = new Product(options, await freePort())
    const { code, stderr } = await product.run('db', 'upgrade')
    if (code !== 0) throw new Error(`db upgrade: ${stderr}`)
    const listen = new URL(product.#env.API_URL ?? '').host
    const commands = [['consume'], ['work'], ['api', '--listen', listen]]
    for (const [command = '', ...args] of commands)
      product.#programs.push(new ChildProgram('stv3', [command, '-c', options.config, ...args], product.#env))
    return product
  }

  private constructor({ config, folder, amqpUrl, databaseUrl, clock }: ProductOptions, port: number) {
    const url = `http://127.0.0.1:${port}`
    this.archive = join(folder, 'archive')
    this.client = createClient({ url })
    this.#config = config
    this.#env = {
      ...clock,
      API_URL: url,
      STACKTACH_AMQP_URL: amqpUrl,
      STACKTACH_DATABASE_URL: databaseUrl,
      STACKTACH_ARCHIVE: this.archive,
    }
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

  async events(eventName?: string): Promise<ListedEvent[]> {
    return Array.fromAsync(this.client.events({ eventName, limit: 1000 }))
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
