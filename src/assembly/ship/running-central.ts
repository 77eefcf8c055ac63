import { dirname, resolve } from 'node:path'
import type { ShipServerConfig } from '../../config/load/load-ship-server.ts'
import { messageOf } from '../../domain/errors.ts'
import type { RestShipHost } from '../../formats/ship-form.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Central, type HostDirectory } from '../../ship/central/central.ts'
import type { LinkTimes } from '../../ship/central/host-link.ts'
import { HostRecords } from '../../ship/central/host-records.ts'
import type { Zone } from '../../ship/log-sets/select-sets.ts'
import { hostDirectory } from './host-directory.ts'
import { readInventoryOf } from './read-inventory-of.ts'
import { Signers } from './signers.ts'

/** Period in which the inventory is read again, ms. */
const INVENTORY_MS = 60_000
/** Period in which reports of hosts are written to disk, ms. */
const SAVE_MS = 30_000

const NO_ZONES: readonly Zone[] = []

/** What serves the hosts of a configuration, which may be replaced. */
export class RunningCentral implements Service {
  readonly central: Central
  readonly #logger: Logger
  readonly #records: HostRecords
  #config: ShipServerConfig
  #directory: HostDirectory
  #signers: Signers
  #zones: ReadonlyMap<string, readonly Zone[]> = new Map()
  #inventoryError = ''
  #timers: readonly NodeJS.Timeout[] = []

  /** Rejects with TransientError when a token cannot be read. */
  static async open(
    config: ShipServerConfig,
    logger: Logger,
    times: Partial<LinkTimes> = {},
  ): Promise<RunningCentral> {
    const running = new RunningCentral(config, logger, times)
    await running.use(config)
    return running
  }

  private constructor(config: ShipServerConfig, logger: Logger, times: Partial<LinkTimes>) {
    this.#config = config
    this.#logger = logger
    this.#records = new HostRecords(resolve(dirname(config.file), config.state), Date.now)
    this.#directory = { names: () => [], tokenDigest: () => undefined, planOf: () => undefined }
    this.#signers = new Signers(config.targets)
    this.central = new Central({
      directory: {
        names: () => this.#directory.names(),
        tokenDigest: (host) => this.#directory.tokenDigest(host),
        planOf: (host) => this.#directory.planOf(host),
      },
      records: this.#records,
      logger,
      sign: (host, message) => this.#signers.sign(message, this.#directory.planOf(host)?.targets ?? {}),
      times,
    })
  }

  /** Serves another configuration from now on: each host is sent at once what has changed for it. */
  async use(config: ShipServerConfig): Promise<void> {
    const directory = await hostDirectory(config, (host) => this.#zones.get(host) ?? NO_ZONES, Date.now)
    if (JSON.stringify(config.targets) !== JSON.stringify(this.#config.targets))
      this.#signers = new Signers(config.targets)
    this.#config = config
    await this.#readInventory()
    this.#directory = directory
    this.central.push()
  }

  /** how many hosts there are */
  get size(): number {
    return this.#directory.names().length
  }

  hosts(): readonly RestShipHost[] {
    return this.#records.forms(this.#directory.names(), this.central.connected)
  }

  async start(): Promise<void> {
    const look = () => void this.#readInventory().then(() => this.central.push())
    this.#timers = [setInterval(look, INVENTORY_MS), setInterval(() => void this.#save(), SAVE_MS)]
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.central.close()
    await this.#save()
  }

  async #save(): Promise<void> {
    await this.#records
      .save()
      .catch((error) => this.#logger.error({}, `the reports of hosts cannot be written: ${messageOf(error)}`))
  }

  /** Reads the inventory. Where it cannot be read, the zones of before stay. */
  async #readInventory(): Promise<void> {
    const { isReady, zones, errors } = await readInventoryOf(this.#config)
    if (isReady) this.#zones = zones
    const told = errors.join('; ')
    if (told !== this.#inventoryError && told !== '')
      this.#logger.warn({ inventory: this.#config.inventory }, told)
    this.#inventoryError = told
  }
}
