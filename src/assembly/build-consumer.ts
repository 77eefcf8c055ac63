import type { Archive } from '../archive/archive.ts'
import type { Broker } from '../broker/broker.ts'
import type { IntakeClock } from '../clock/event-clock.ts'
import type { ArchiveSettings } from '../config/load/archive-settings.ts'
import type { Config } from '../config/load/config.ts'
import type { QueueSettings, YagiSettings } from '../config/load/yagi-settings.ts'
import type { QueueApp } from '../consumer/apps/run-apps.ts'
import type { IntakeRules } from '../consumer/batches-in-hand.ts'
import { type ConsumerCounters, createConsumerCounters } from '../consumer/counters.ts'
import type { QueuePlan } from '../consumer/prepare.ts'
import { QueueConsumer, type QueueConsumerOptions } from '../consumer/queue-consumer.ts'
import { createDistiller } from '../distiller/distiller.ts'
import type { TallyBook } from '../domain/tally.ts'
import { createGroup, createTeam, type Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import { TriggerDebug } from '../streams/trigger-debug.ts'
import { appServices, buildApps } from './build-apps.ts'
import { buildRouter } from './build-router.ts'
import { hasAutoClock } from './event-clock-of.ts'
import { openArchive } from './open-archive.ts'

export type ConsumerParts = {
  readonly config: Config
  readonly yagi: YagiSettings
  readonly broker: Broker
  readonly store: Store
  readonly clock: IntakeClock
  readonly logger: Logger
  readonly counters?: ConsumerCounters
  /** counts what is kept over restarts */
  readonly tally?: TallyBook
  /** called when a batch is stored */
  readonly onStored?: () => void
  readonly onBatch?: QueueConsumerOptions['onBatch']
}

export type BuiltConsumer = Service & {
  /** Distils and routes by the definitions and triggers of another configuration, from the next batch on. */
  readonly useRules: (config: Config) => void
  readonly counters: ConsumerCounters
  /**
   * Returns the queues that should be read and are not at the moment, without those that do not exist yet.
   */
  readonly unread: () => readonly string[]
  /** Returns all queues when none of them has been created by its owner yet, else an empty list. */
  readonly awaited: () => readonly string[]
  /** Returns the queues that wait for one of their apps. */
  readonly waiting: () => readonly string[]
  /** Returns why queues are not read, in the words of broker or database; undefined when all are read. */
  readonly hindrance: () => string | undefined
  /** Returns the files of archives that are written now. */
  readonly archiveFiles: () => readonly string[]
  /** resolves when the broker was reached: when the first queue is read, or waited for */
  readonly reached: Promise<void>
}

/**
 * Builds a consumer of all queues of a configuration. Queues with the same archive settings share an archive.
 *
 * @example
 * const consumer = await buildConsumer({ config, yagi, broker, store, clock, logger })
 * await runUntilStopped(consumer, { signal: stopSignal(), logger, shutdownMs: 30_000 })
 */
export async function buildConsumer(parts: ConsumerParts): Promise<BuiltConsumer> {
  const { config, yagi, logger } = parts
  const { counters = createConsumerCounters(), tally } = parts
  const shared = {
    ...parts,
    ...rulesOf(config, logger, counters, tally),
    counters,
    maxMessageBytes: yagi.broker.maxMessageBytes,
    batchMs: yagi.broker.batchMs,
    prefetch: yagi.broker.prefetch,
  }
  const { promise: reached, resolve: onReached } = Promise.withResolvers<void>()
  const archives = new Archives(logger)
  const services = appServices(config, logger)
  const queues: QueueConsumer[] = []
  const allApps: QueueApp[] = []
  try {
    for (const spec of yagi.queues) {
      const apps = await buildApps(spec, services)
      allApps.push(...apps)
      queues.push(
        new QueueConsumer({
          ...shared,
          onReached,
          spec,
          apps,
          plan: planOf(spec, apps.length > 0),
          archive: spec.archive && (await archives.open(spec.archive)),
          batchSize: spec.maxMessages ?? yagi.broker.batchSize,
        }),
      )
    }
  } catch (error) {
    await closing(archives, allApps).stop()
    throw error
  }
  const namesOf = (isMeant: (consumer: QueueConsumer) => boolean) =>
    yagi.queues.filter((_, index) => isMeant(queues[index] as QueueConsumer)).map(({ queue }) => queue)
  const unread = () => namesOf(({ hindrance }) => hindrance !== undefined)
  const awaited = () =>
    queues.every(({ isAwaiting }) => isAwaiting) ? namesOf(({ isAwaiting }) => isAwaiting) : []
  const waiting = () => namesOf(({ isWaitingForApps }) => isWaitingForApps)
  const hindrance = () => {
    const reasons = new Set(queues.flatMap((queue) => queue.hindrance ?? []))
    if (reasons.size > 0) return `not read at the moment: ${[...reasons].map(queuesNotRead).join('; ')}`
    const [missing, held] = [awaited(), waiting()]
    if (missing.length > 0) return `not created yet by their owner: ${missing.join(', ')}`
    return held.length > 0 ? `waiting for an app: ${held.join(', ')}` : undefined
  }
  const queuesNotRead = (reason: string) =>
    `${namesOf((queue) => queue.hindrance === reason).join(', ')} (${reason})`
  return {
    ...createGroup([closing(archives, allApps), createTeam(queues)]),
    counters,
    useRules(next) {
      const rules = rulesOf(next, logger, counters, tally)
      for (const queue of queues) queue.useRules(rules)
    },
    unread,
    awaited,
    waiting,
    hindrance,
    archiveFiles: () => archives.files(),
    reached,
  }
}

/** Compiles the definitions and triggers of a configuration. */
function rulesOf(
  config: Config,
  logger: Logger,
  counters: ConsumerCounters,
  tally: TallyBook | undefined,
): IntakeRules {
  const { definitions, triggers, winchester } = config
  const debug = new TriggerDebug(triggers, counters.triggers)
  return {
    distiller: createDistiller(definitions, { catchAll: winchester.catch_all_notifications }),
    router: buildRouter(triggers, logger, counters, debug, hasAutoClock(config), tally),
  }
}

/** Returns which messages the apps of a queue archive and store. */
export function planOf({ apps, archive }: QueueSettings, keepsMessages: boolean): QueuePlan {
  const acceptedBy = (kind: 'shoebox' | 'winchester') => apps.find((app) => app.kind === kind)?.accepts
  const none = () => false
  return {
    hasArchive: archive !== undefined,
    archives: acceptedBy('shoebox') ?? none,
    stores: acceptedBy('winchester') ?? none,
    keepsMessages,
  }
}

/** Opens archives, one for each distinct settings. */
class Archives {
  readonly #logger: Logger
  readonly #open = new Map<string, Archive>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  async open(settings: ArchiveSettings): Promise<Archive> {
    const name = JSON.stringify(settings)
    const archive = this.#open.get(name) ?? (await openArchive(settings, this.#logger))
    this.#open.set(name, archive)
    return archive
  }

  files(): readonly string[] {
    return [...this.#open.values()].flatMap(({ file }) => file ?? [])
  }

  async close(): Promise<void> {
    for (const archive of this.#open.values()) await archive.close()
  }
}

/** A service that closes archives and apps. Started first, it stops last, after the last batch is written. */
function closing(archives: Archives, apps: readonly QueueApp[]): Service {
  return {
    async start() {},
    async stop() {
      await archives.close()
      for (const { app } of apps) await app.close?.()
    },
  }
}
