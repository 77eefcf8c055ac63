import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { ChildProgram, type ProgramResult } from '../../../sandbox/servers/child-program.ts'
import { openMysqlDatabase } from '../../../src/store/mysql/mysql-database.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import type { Store } from '../../../src/store/store.ts'
import { archivedIds } from '../archived-ids.ts'
import { Ansible, writeInventory } from './ansible.ts'
import type { Machine } from './machine.ts'
import { Machines } from './machines.ts'
import { addressOf } from './network.ts'

const HOSTS = { 'db-1': 1, 'worker-1': 2, 'worker-2': 3, 'api-1': 4 }
type HostName = keyof typeof HOSTS

/** With all that a shell, systemd, YAML or an address might take for its own. */
export const SECRETS = {
  database: 'd4t"b$a`s\\e@:/#\'%1',
  schema: 'sch3ma-0ne"two',
  rabbit: 'r4bb"i$t`x\\y@:/#\'1',
  read: 'r3ad-token-of-the-region',
  write: 'wr1te-token-of-the-region',
} as const

/** Where a Prometheus of each machine finds what it is to scrape. */
const TARGETS = '/etc/prometheus/file_sd'

const CELLS = ['cell-1', 'cell-2'] as const

/** Four machines: a database with broker, two of consumers and workers, one of the API. */
export class Region {
  readonly ansible: Ansible
  readonly #folder: string
  readonly #machines: Machines

  private constructor(folder: string, machines: Machines) {
    this.#folder = folder
    this.#machines = machines
    const [db, worker1, worker2, api] = machines.all as [Machine, Machine, Machine, Machine]
    const groups = { stv3_db: [db], stv3_rabbit: [db], stv3_workers: [worker1, worker2], stv3_api: [api] }
    const ansible = join(folder, 'ansible')
    this.ansible = new Ansible(ansible, writeInventory(ansible, groups, VARIABLES))
  }

  /** Boots the machines. Nothing of StackTach is on them. */
  static async boot(folder: string): Promise<Region> {
    const machines = await Machines.boot(folder, HOSTS)
    for (const machine of machines.all) machine.must(`mkdir -p ${TARGETS}`)
    return new Region(folder, machines)
  }

  machine(name: HostName): Machine {
    return this.#machines.machine(name)
  }

  get machines(): readonly Machine[] {
    return this.#machines.all
  }

  get workers(): readonly Machine[] {
    return [this.machine('worker-1'), this.machine('worker-2')]
  }

  /** Starts a program of this checkout in the network of the region. */
  program(name: 'stv3' | 'klugman', ...args: readonly string[]): ChildProgram {
    const env = { KLUGMAN_URL: `http://${addressOf(HOSTS['api-1'])}:8000`, KLUGMAN_TOKEN: SECRETS.read }
    return new ChildProgram(name, args, env, undefined, this.#machines.network.enter)
  }

  /** Starts one that publishes what comes in by its standard input to the first cell. */
  publisher(): ChildProgram {
    const args = ['publish', '-', '-c', this.publisherFile()]
    return new ChildProgram('stv3', args, {}, null, this.#machines.network.enter)
  }

  /** Runs klugman against the API of the region. */
  klugman(...args: readonly string[]): Promise<ProgramResult> {
    return this.program('klugman', ...args).result()
  }

  /** Starts the simulator, which publishes to the first cell. */
  simulate(...flags: readonly string[]): ChildProgram {
    return this.program('stv3', 'generate', '--to', 'amqp', '-c', this.publisherFile(), ...flags)
  }

  /** Returns a yagi.conf of one who publishes to the first cell. */
  publisherFile(): string {
    const file = join(this.#folder, 'publisher/yagi.conf')
    if (existsSync(file)) return file
    mkdirSync(join(this.#folder, 'publisher'))
    const text = `
[rabbit_broker]
host = ${addressOf(HOSTS['db-1'])}
user = publisher
password = publisher
vhost = ${CELLS[0]}
[consumers]
queues = monitor.info3
[consumer:monitor.info3]
apps = yagi.handler.shoebox_handler.ShoeboxHandler
exchange = nova
routing_key = monitor.info
[shoebox]
working_directory = ${this.#folder}/publisher/archive
`
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }

  /** Runs something with the store of the region, over the socket of its database. */
  async withStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
    const proxy = await socketProxy(this.machine('db-1').pathOf('run/mysqld/mysqld.sock'))
    try {
      const { port } = proxy.address() as { port: number }
      const url = new URL(`mysql://winchester@127.0.0.1:${port}/winchester`)
      url.password = encodeURIComponent(SECRETS.database)
      const store = await createSqlStore(await openMysqlDatabase({ url }), { writer: 'test' })
      try {
        return await use(store)
      } finally {
        await store.close()
      }
    } finally {
      proxy.close()
    }
  }

  /** Returns the ids of all notifications in the archives, repeats included. */
  archived(): string[] {
    return this.workers.flatMap((machine) =>
      archivedIds(machine.pathOf('var/lib/stv3/archive'), { isOpen: true }),
    )
  }

  stop(): Promise<void> {
    return this.#machines.stop()
  }
}

/** Opens a port of this machine that leads to a socket in a file system of another. */
async function socketProxy(path: string): Promise<Server> {
  const server = createServer((client) => {
    const inner = connect({ path })
    client.pipe(inner).pipe(client)
    client.on('error', () => inner.destroy())
    inner.on('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

const database = (user: string, password: string) =>
  `mysql://${user}:${encodeURIComponent(password)}@db-1/winchester`

const VARIABLES = {
  winchester_db_password: SECRETS.database,
  stv3_db_hosts: ['localhost', '10.99.0.%'],
  stv3_db_bind_address: '0.0.0.0',
  stv3_db_migration_user: 'winchester_schema',
  stv3_db_migration_password: SECRETS.schema,
  database_url: database('winchester', SECRETS.database),
  stv3_migration_database_url: database('winchester_schema', SECRETS.schema),
  stv3_rabbit_vhosts: CELLS,
  stv3_rabbit_users: [
    { name: 'stacktach-1', password: SECRETS.rabbit, vhost: CELLS[0] },
    { name: 'stacktach-2', password: SECRETS.rabbit, vhost: CELLS[1] },
    { name: 'publisher', password: 'publisher', vhost: CELLS[0], tags: ['monitoring'] },
  ],
  cells: CELLS.map((name, index) => ({
    name,
    rabbit_host: 'db-1',
    rabbit_user: `stacktach-${index + 1}`,
    rabbit_password: SECRETS.rabbit,
    rabbit_vhost: name,
    swift_region: 'DFW',
  })),
  num_pipeline_workers: 2,
  pipeline_worker_delay: 1,
  stv3_api_listen: '0.0.0.0:8000',
  stv3_api_read_token: SECRETS.read,
  stv3_api_write_token: SECRETS.write,
  stv3_health_retries: 60,
  stv3_prometheus_targets: TARGETS,
}
