import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Mariadb } from '../servers/mariadb.ts'
import { Rabbitmq } from '../servers/rabbitmq.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { type CloudAddresses, choosePorts, configFile, configFolder, logFile } from './addresses.ts'
import { fillCatalogue } from './catalogue.ts'
import { CloudClock } from './cloud-clock.ts'
import type { CloudSettings } from './cloud-settings.ts'
import { RPC_TIMEOUT_S } from './configuration/nova.ts'
import { writeConfiguration } from './configuration/write-configuration.ts'
import { createTables } from './create-tables.ts'
import { startNetworkStandIn } from './network-stand-in.ts'
import { OpenstackClient } from './openstack-client.ts'
import { startPython, startWsgi } from './python-program.ts'
import { areServed } from './rpc-queues.ts'

/** The compute hosts: each a real nova-compute, whose servers exist in its memory only. */
const HOSTS = ['compute1', 'compute2']

/** Of conductor, scheduler and hosts: one each. */
const RPC_QUEUES = ['conductor', 'scheduler', ...HOSTS.map((host) => `compute.${host}`)]

/** The broker copies all that is published to it to amq.rabbitmq.trace. */
const TRACING = '[{rabbit, [{trace_vhosts, [<<"/">>]}]}].\n'
/** Of a slow machine that does other things too. */
const LIMIT_MS = 300_000

/** Of GET /os-services. */
type ServiceView = { readonly updated_at: string }

export type CloudServers = {
  readonly rabbitmq: Rabbitmq
  readonly mariadb: Mariadb
}

/**
 * A small OpenStack of real services (Keystone, Placement, Glance, Nova) on servers of its own, in a folder of its
 * own, on free ports of this machine, and with a clock of its own.
 */
export class Cloud {
  readonly at: CloudAddresses
  readonly clock: CloudClock
  readonly servers: CloudServers
  readonly #daemons: { readonly name: string; readonly process: ServerProcess }[] = []
  #network: Server | undefined

  /** Starts broker and database, with tables, but nothing of OpenStack yet; the folder must be empty. */
  static async prepare(folder: string, settings: CloudSettings): Promise<Cloud> {
    const broker = join(folder, 'rabbitmq')
    mkdirSync(broker, { recursive: true })
    writeFileSync(join(broker, 'rabbitmq.config'), TRACING)
    const rabbitmq = await Rabbitmq.start(broker)
    let mariadb: Mariadb | undefined
    try {
      mariadb = await Mariadb.start(join(folder, 'mariadb'))
      const ports = await choosePorts()
      const at = { folder, ports, amqpUrl: rabbitmq.url, databaseUrl: mariadb.url }
      await writeConfiguration(at, settings, HOSTS)
      await createTables(at)
      return new Cloud(at, await CloudClock.create(folder), { rabbitmq, mariadb })
    } catch (error) {
      await Promise.all([rabbitmq.stop(), mariadb?.stop()])
      throw error
    }
  }

  private constructor(at: CloudAddresses, clock: CloudClock, servers: CloudServers) {
    this.at = at
    this.clock = clock
    this.servers = servers
  }

  /** Starts the services; answers when Nova can boot servers on both hosts. */
  async start(): Promise<void> {
    const { ports } = this.at
    this.#network = await startNetworkStandIn(ports.network)
    await this.#serve('keystone', 'keystone.server.wsgi:initialize_public_application', ports.identity)
    await fillCatalogue(ports)
    await Promise.all([
      this.#serve('placement', 'placement.wsgi:init_application', ports.placement),
      this.#daemon('glance-api', 'glance/glance-api.conf').listening(ports.image, LIMIT_MS),
    ])
    this.#daemon('nova-conductor', 'nova/controller.conf')
    this.#daemon('nova-scheduler', 'nova/controller.conf')
    for (const host of HOSTS) this.#daemon('nova-compute', `nova/${host}.conf`, `nova-${host}`)
    await Promise.all([
      this.#daemon('nova-api', 'nova/controller.conf').listening(ports.compute, LIMIT_MS),
      this.#daemon('nova-api', 'nova/keeping.conf', 'nova-api-keeping').listening(ports.keeping, LIMIT_MS),
    ])
    await this.ready()
  }

  /**
   * Waits until all of Nova listens to the broker and has reported after this call, by the cloud's clock, and both
   * hosts take servers: after a start, a restart of the broker, or a move of the clock.
   */
  async ready(): Promise<void> {
    const since = this.clock.now()
    const { amqpUrl, ports } = this.at
    await this.until('all of Nova to listen to the broker', () => areServed(amqpUrl, RPC_QUEUES))
    const admin = await OpenstackClient.login(ports, 'admin', 'admin')
    await this.until('all services of Nova to report', async () => {
      const { status, body } = await admin.ask('compute', 'GET', '/os-services')
      const services: readonly ServiceView[] = status === 200 ? body.services : []
      const reported = services.filter(({ updated_at: at }) => Date.parse(`${at}Z`) >= since)
      return reported.length === RPC_QUEUES.length
    })
    await this.until('all hosts to be known', async () => {
      const { status, body } = await admin.ask('compute', 'GET', '/os-hypervisors')
      return status === 200 && body.hypervisors.length === HOSTS.length
    })
  }

  /** Restarts the broker under all that use it; answers when Nova works again and no call of before is waited for. */
  async restartBroker(): Promise<void> {
    await this.servers.rabbitmq.pause()
    await this.servers.rabbitmq.resume()
    const gaveUp = this.clock.now() + (RPC_TIMEOUT_S + 5) * 1000
    await this.ready()
    await this.until('calls that lost their answer to be given up', () => this.clock.now() > gaveUp)
  }

  /** Waits for a condition, for as long as no daemon has ended. */
  async until(what: string, holds: () => Promise<boolean> | boolean, limitMs = LIMIT_MS): Promise<void> {
    const deadline = Date.now() + limitMs
    while (!(await holds())) {
      const ended = this.#daemons.find(({ process }) => process.hasEnded)
      if (ended) throw new Error(`${ended.name} has ended; see ${logFile(this.at, ended.name)}`)
      if (Date.now() > deadline) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`)
      await delay(200)
    }
  }

  /** The logs of all services by name. */
  logs(): Map<string, string> {
    const folder = join(this.at.folder, 'log')
    const names = readdirSync(folder).filter((name) => name.endsWith('.log'))
    return new Map(names.map((name) => [basename(name, '.log'), readFileSync(join(folder, name), 'utf8')]))
  }

  /** Ends the services; broker and database run on. */
  async stopServices(): Promise<void> {
    const daemons = this.#daemons.splice(0)
    this.#network?.close()
    this.#network?.closeAllConnections()
    await Promise.all(daemons.map(({ process }) => process.stop()))
  }

  /** Ends all that was started. */
  async stop(): Promise<void> {
    await this.stopServices()
    await Promise.all([this.servers.rabbitmq.stop(), this.servers.mariadb.stop()])
  }

  /** Starts one of OpenStack's programs, `PROJECT-PROGRAM`, with a configuration file. */
  #daemon(program: string, config: string, logName = program): ServerProcess {
    const [project, command] = program.split('-')
    const process = startPython({
      name: program,
      module: `${project}.cmd.${command}`,
      args: ['--config-file', configFile(this.at, config), '--log-file', logFile(this.at, logName)],
      env: this.clock.env,
    })
    this.#daemons.push({ name: logName, process })
    return process
  }

  async #serve(name: string, application: string, port: number): Promise<void> {
    const env = {
      ...this.clock.env,
      OS_KEYSTONE_CONFIG_DIR: configFolder(this.at, 'keystone'),
      OS_PLACEMENT_CONFIG_DIR: configFolder(this.at, 'placement'),
    }
    const process = startWsgi(name, application, port, env)
    this.#daemons.push({ name, process })
    await process.listening(port, LIMIT_MS)
  }
}
