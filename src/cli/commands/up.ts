import { chmod } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { apiSettings } from '../../assembly/api-settings.ts'
import { type BuiltConsumer, buildConsumer } from '../../assembly/build-consumer.ts'
import { buildWorker, type WorkerParts } from '../../assembly/build-worker.ts'
import { logWarnings, processName, runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { followConsumer, followWorker } from '../../assembly/daemon-keys.ts'
import { DaemonLog, type LogOptions } from '../../assembly/daemon-log.ts'
import { daemonStatus } from '../../assembly/daemon-status.ts'
import { lockFolder } from '../../assembly/lock-folder.ts'
import { createStore, openDatabase } from '../../assembly/open-store.ts'
import { PostedIntake } from '../../assembly/posted-intake.ts'
import { PublisherPool } from '../../assembly/publisher-pool.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import { Reloader } from '../../assembly/reload/reloader.ts'
import { RunningWorker } from '../../assembly/reload/running-worker.ts'
import { requirePipelines } from '../../assembly/require-pipelines.ts'
import { RunningRepair } from '../../assembly/running-repair.ts'
import { createTallyKeeper } from '../../assembly/tally-keeper.ts'
import type { Broker } from '../../broker/broker.ts'
import { createMemoryBroker } from '../../broker/memory/memory-broker.ts'
import { publishAll } from '../../broker/publish-all.ts'
import { createFastClock, type IntakeClock } from '../../clock/event-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import type { YagiSettings } from '../../config/load/yagi-settings.ts'
import { createSampler } from '../../dashboard/sampler.ts'
import { ConfigError, messageOf, StackTachError } from '../../domain/errors.ts'
import type { StreamState } from '../../domain/stream.ts'
import { TallyBook } from '../../domain/tally.ts'
import { formatIso, MICROS_PER_DAY, type Micros } from '../../domain/time.ts'
import { createHttpService, type HttpService } from '../../http/http-service.ts'
import { bodiesOf, pace } from '../../notigen/pace.ts'
import { simulate } from '../../notigen/simulation.ts'
import { createWorkerCounters } from '../../pipeline/worker/worker-counters.ts'
import { createGroup, type Service } from '../../runtime/lifecycle.ts'
import type { ListenAddress } from '../../runtime/listen-address.ts'
import type { Logger } from '../../runtime/logger.ts'
import { makeFolder } from '../../runtime/make-folder.ts'
import { upgradeSchema } from '../../store/schema/migrate.ts'
import type { Store } from '../../store/store.ts'
import { printable } from '../../text/printable.ts'
import { createCommand, listenOption, parsePositive, parseWhole } from '../program.ts'
import { RunningApi } from '../running-api.ts'
import { defaultDataFolder, isCheckout } from '../up/data-folder.ts'
import { type Trimmed, Trimming } from '../up/trimming.ts'

type Options = LogOptions & {
  config: string
  data: string
  keep: number
  listen: ListenAddress
  speed: number
  instances: number
  operationsPerHour: number
  seed?: number
}

const ROOT = resolve(import.meta.dirname, '../../..')
/** What people type to run klugman. */
const KLUGMAN = isCheckout(ROOT) ? 'npm run -s klugman --' : 'klugman'
const DAY_PER_HALF_MINUTE = 2880
const SUMMARY_MS = 10_000
/** Ten minutes of life at the default speed. */
const DAYS_KEPT = 20
/** Size of a file of the archive: small, since files are deleted as a whole. */
const ROLL_BYTES = 20 << 20
/**
 * Pause between two passes of the worker. At the default speed a second of real time is most of a simulated
 * hour.
 */
const WORKER_DELAY_S = 0.2
const NEWEST = { limit: 1, mark: undefined, ascending: false }

/**
 * Creates `stv3 up`, which runs simulator, broker, consumer, archive, store, worker and API in this process.
 */
export function upCommand(): Command {
  return createCommand(
    'up',
    'run everything in this process on an embedded database and broker, fed by the simulator',
    'stv3 up --listen 127.0.0.1:8080 --data /tmp/stacktach',
  )
    .option(
      '-c, --config <file>',
      'yagi.conf whose definitions, triggers and pipelines are used',
      join(ROOT, 'config/yagi.conf'),
    )
    .addOption(
      new Option('--data <folder>', 'folder for database and archive').default(
        defaultDataFolder(ROOT, process.env),
        'sandbox/data of a checkout, else stacktach in XDG_STATE_HOME, by default ~/.local/state',
      ),
    )
    .option(
      '--keep <days>',
      'simulated days whose data is kept, older data is deleted; 0 keeps all',
      parseWhole(0),
      DAYS_KEPT,
    )
    .addOption(listenOption(8000))
    .option(
      '--speed <n>',
      'speed of the simulated clock, as a multiple of real time',
      parsePositive,
      DAY_PER_HALF_MINUTE,
    )
    .option('--instances <n>', 'number of instances at the start', parseWhole(0), 50)
    .option('--operations-per-hour <n>', 'over all instances, in simulated time', parsePositive, 20)
    .option(
      '--seed <n>',
      'seed of the simulation (default: derived from its start)',
      parseWhole(0, 2 ** 32 - 1),
    )
    .action(up)
}

async function up(options: Options): Promise<void> {
  const signal = stopSignal()
  const hangups = new Hangups()
  const loaded = await loadWholeConfig(options.config, process.env)
  const log = new DaemonLog(loaded, 'up', options)
  const { logger } = log
  if (!loaded.yagi) throw new ConfigError(`up needs a yagi.conf, ${options.config} is a winchester.yaml`)
  logWarnings(loaded, logger)
  const settings = await apiSettings(loaded, options.listen, process.env)
  await makeDataFolder(options.data)
  const lock = lockFolder(options.data)
  const pipelines = await requirePipelines(loaded, logger)
  const { config, yagi } = embedded(loaded, loaded.yagi, options.data)
  const store = await openEmbeddedStore(config)
  const broker = createMemoryBroker()
  const publishers = new PublisherPool(logger, broker)
  try {
    const start = await startOf(store)
    const clock = createFastClock(start, options.speed)
    const tally = new TallyBook()
    const parts = { config, yagi, broker, store, clock, logger, tally }
    const clockSettings = { mode: 'wall', patienceMs: 0, now: () => clock.now() } as const
    const repair = new RunningRepair({ store, config: { ...config, yagi }, logger, name: 'up', clock })
    const { runner } = repair
    const posted = new PostedIntake({ store, config: { ...config, yagi }, logger, clock })
    const take: PostedIntake['take'] = (...given) => posted.take(...given)
    const api = new RunningApi({ store, clock: clockSettings, logger, runner, take }, settings, config)
    const http = createHttpService(api.listener, settings.address)
    const counters = createWorkerCounters()
    const build = (by: Pick<WorkerParts, 'config' | 'pipelines'>) =>
      buildWorker({ ...parts, ...by, counters, name: 'worker', publisherFor: publishers.publisherFor })
    const worker = new RunningWorker(build({ config, pipelines }), (error) =>
      logger.error({ error: messageOf(error) }, 'the worker of before the reload did not end in order'),
    )
    const consumer = await buildConsumer({ ...parts, onStored: () => worker.tell() })
    const simulator = createSimulator(options, yagi, start, clock, broker, logger)
    const trimming = trimmingOf(options, { store, clock, yagi, logger })
    const trimmed = trimming?.trimmed
    const summary = createSummary({ clock, store, consumer, worker: { counters }, http, trimmed })
    const status = daemonStatus({ settings: config.winchester, role: 'up', name: processName('up'), logger })
    followConsumer(status, consumer.counters)
    followWorker(status, counters)
    status.follow(() => ({
      'archive.file': consumer.archiveFiles().join(' ') || undefined,
      'api.address': `${urlOf(http)}/`,
    }))
    const prepare = async (next: Config) => {
      const own = { ...next, winchester: { ...next.winchester, ...ownSettings(next, options.data) } }
      const built = build({ config: own, pipelines: await requirePipelines(own, logger) })
      const ofApi = await api.prepare(own, options.listen)
      return {
        changes: ofApi.changes ?? [],
        apply: () => {
          consumer.useRules(own)
          worker.replace(built)
          ofApi.apply()
          repair.useConfig({ ...own, yagi })
          posted.useConfig({ ...own, yagi })
        },
      }
    }
    const announce = (sentence: string) => void process.stdout.write(`${printable(sentence)}\n`)
    const reloader = new Reloader({
      file: options.config,
      role: 'up',
      config: loaded,
      log,
      status,
      prepare,
      announce,
    })
    const reload = reloader.service(hangups)
    const keeper = createTallyKeeper({ book: tally, store, contact: { name: 'up', role: 'up' }, logger })
    const services = [
      status,
      repair,
      posted,
      http,
      keeper,
      consumer,
      worker,
      simulator,
      announcement(http, options, settings.page !== undefined),
      summary,
      reload,
    ]
    if (trimming) services.push(trimming)
    const { speed } = options
    if (settings.page) services.push(createSampler({ store, clock: clockSettings, logger, speed }))
    const shutdownMs = config.winchester.shutdown_timeout_s * 1000
    await runUntilStopped(createGroup(services), { signal, logger, shutdownMs, status })
  } finally {
    await publishers.close()
    await broker.close()
    await store.close()
    lock.release()
  }
}

async function makeDataFolder(folder: string): Promise<void> {
  try {
    makeFolder(folder)
    await chmod(folder, 0o700)
  } catch (error) {
    throw new StackTachError('config', `cannot write to the data folder ${folder}: ${messageOf(error)}`)
  }
}

/** Returns the configuration with the embedded database, and with its archive in the data folder. */
function embedded(config: Config, yagi: YagiSettings, data: string): { config: Config; yagi: YagiSettings } {
  const folders = {
    workingDirectory: join(data, 'archive'),
    destinationFolder: join(data, 'archive', 'done'),
  }
  const queues = yagi.queues.map((queue) => ({
    ...queue,
    // Nothing else in this process would declare them.
    passive: false,
    exchangePassive: false,
    // Simulated events must not leave this process.
    apps: queue.apps.filter(({ kind }) => kind === 'winchester' || kind === 'shoebox'),
    archive: queue.archive && {
      ...queue.archive,
      ...folders,
      rollBytes: ROLL_BYTES,
      callbacks: [],
    },
  }))
  const winchester = { ...config.winchester, ...ownSettings(config, data) }
  return { config: { ...config, winchester }, yagi: { ...yagi, queues } }
}

/** Returns what is not taken from the configuration. */
function ownSettings({ winchester }: Config, data: string) {
  const url = `sqlite:${resolve(data, 'stacktach.db')}`
  return {
    database: { ...winchester.database, url },
    // All parts go by one clock here, much faster than life.
    clock: 'wall' as const,
    pipeline_worker_delay: WORKER_DELAY_S,
  }
}

async function openEmbeddedStore(config: Config): Promise<Store> {
  const database = await openDatabase(config.winchester.database.url, config.folder)
  await upgradeSchema(database.db, database.dialect.types)
  return createStore(database, config, { writer: 'up' })
}

/** Returns the start of the simulated clock: today at 00:00 UTC, or the newest event of an earlier run. */
async function startOf(store: Store): Promise<Micros> {
  const today = Math.floor((Date.now() * 1000) / MICROS_PER_DAY) * MICROS_PER_DAY
  const [newest] = await store.listEvents({}, NEWEST)
  return Math.max(today, newest?.timestamp ?? 0)
}

function createSimulator(
  options: Options,
  yagi: YagiSettings,
  start: Micros,
  clock: IntakeClock,
  broker: Broker,
  logger: Logger,
): Service {
  const stopping = new AbortController()
  const { signal } = stopping
  let running: Promise<unknown> = Promise.resolve()
  return {
    async start() {
      const [spec] = yagi.queues
      if (!spec) throw new ConfigError('the configuration names no queue')
      const publisher = await broker.openPublisher()
      const seed = options.seed ?? Math.floor(start / 1_000_000) % 2 ** 32
      const notifications = simulate({ ...options, seed, start, end: undefined })
      const bodies = bodiesOf(pace(notifications, clock, options.speed, signal))
      running = publishAll(bodies, { publisher, spec, logger, signal })
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Returns what deletes old data; undefined where all is kept. */
function trimmingOf(
  { keep, speed }: Options,
  parts: { store: Store; clock: IntakeClock; yagi: YagiSettings; logger: Logger },
): Trimming | undefined {
  const { store, clock, yagi, logger } = parts
  const archiveFolder = yagi.queues.find(({ archive }) => archive)?.archive?.destinationFolder
  if (keep === 0 || archiveFolder === undefined) return undefined
  const oldBefore = () => clock.now() - keep * MICROS_PER_DAY
  const keepMs = (keep * MICROS_PER_DAY) / 1000 / speed
  return new Trimming({ store, archiveFolder, oldBefore, keepMs, logger })
}

function urlOf(http: HttpService): string {
  const { host, port } = http.address()
  return `http://${host}:${port}`
}

function announcement(http: HttpService, { data, speed, keep }: Options, hasPage: boolean): Service {
  return {
    async start() {
      const url = urlOf(http)
      process.stdout.write(
        `StackTach is running on ${url}; a simulated day takes ${Math.round(86_400 / speed)} s, data is in ${data}
${keep === 0 ? 'All data is kept (--keep 0).' : `The data of the last ${keep} simulated days is kept (--keep); what is older is deleted.`}

${hasPage ? `Look at it in a browser: ${url}/\n` : ''}
Try, in another terminal:
  curl '${url}/v1/streams?limit=1'
  ${KLUGMAN} ${url} streams --count
  ${KLUGMAN} ${url} streams --state completed --limit 1 --details
  ${KLUGMAN} ${url} events --name compute.instance.exists --limit 1

Ctrl-C stops it.
`,
      )
    },
    async stop() {},
  }
}

type SummaryParts = {
  readonly clock: IntakeClock
  readonly store: Store
  readonly consumer: BuiltConsumer
  readonly worker: { readonly counters: { readonly fired: number; readonly expired: number } }
  readonly http: HttpService
  /** undefined where all is kept */
  readonly trimmed: Trimmed | undefined
}

/** Prints a summary line every ten seconds. */
function createSummary({ clock, store, consumer, worker, http, trimmed }: SummaryParts): Service {
  let timer: NodeJS.Timeout | undefined
  const count = (state: StreamState) => store.countStreams({ state }, NEWEST)
  const tell = async () => {
    const active = await count('active')
    const errors = await count('error')
    const failed = errors + (await count('expire_error'))
    const { stored } = consumer.counters
    const { fired, expired } = worker.counters
    const figures = `${stored} events, ${active} active streams, ${fired} fired, ${expired} expired`
    // Of those in error the log tells each run, too fast to read.
    const look = `${KLUGMAN} ${urlOf(http)} streams -c id -c state -c last_error --state `
    const told =
      failed > 0 ? `, ${failed} in error, see: ${look}${errors === 0 ? 'expire_error' : 'error'}` : ''
    const old = trimmed?.events ? `; ${trimmed.events} old events deleted` : ''
    process.stdout.write(`${formatIso(clock.now()).slice(0, 16)}  ${figures}${told}${old}\n`)
  }
  return {
    async start() {
      timer = setInterval(() => void tell().catch(() => {}), SUMMARY_MS)
    },
    async stop() {
      clearInterval(timer)
    },
  }
}
