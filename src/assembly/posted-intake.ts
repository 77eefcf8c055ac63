import type { Archive } from '../archive/archive.ts'
import type { IntakeClock } from '../clock/event-clock.ts'
import type { Config } from '../config/load/config.ts'
import type { QueueSettings } from '../config/load/yagi-settings.ts'
import type { QueueApp } from '../consumer/apps/run-apps.ts'
import { type TakeContext, takeNotifications } from '../consumer/take-notifications.ts'
import { createDistiller } from '../distiller/distiller.ts'
import { ConflictError, InvalidError, messageOf } from '../domain/errors.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import { appServices, buildApps } from './build-apps.ts'
import { planOf } from './build-consumer.ts'
import { buildRouter } from './build-router.ts'
import { arrivalClockOf, hasAutoClock } from './event-clock-of.ts'
import { openArchive } from './open-archive.ts'

export type PostedIntakeParts = {
  readonly store: Store
  readonly config: Config
  readonly logger: Logger
  /** the clock of notifications without a time (that of the configuration) */
  readonly clock?: IntakeClock | undefined
}

/** Name of the queue in dead letters where the configuration has no queues. */
const NO_QUEUE = 'api'

/**
 * Takes the notifications that are posted to the API, by the configuration in force. Definitions, apps and archive are
 * built when the first notification comes, and anew after a reload.
 */
export class PostedIntake implements Service {
  readonly #parts: PostedIntakeParts
  #config: Config
  #built: Promise<BuiltIntake> | undefined

  constructor(parts: PostedIntakeParts) {
    this.#parts = parts
    this.#config = parts.config
  }

  /**
   * Takes notifications in place of a queue of the configuration. Rejects with ConflictError where there are no event
   * definitions, and with InvalidError for a queue that is not known.
   */
  async take(bodies: readonly Buffer[], queue: string | undefined, signal: AbortSignal): Promise<Receipt[]> {
    const { definitions, winchester } = this.#config
    if (definitions.length === 0 && !winchester.catch_all_notifications)
      throw new ConflictError(
        'the configuration of the API has no event definitions to distil by; expected distiller_config in winchester.yaml',
      )
    const settings = queueOf(this.#config, queue)
    const built = await this.#intake()
    return built.take(bodies, settings, signal)
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    const built = this.#built
    this.#built = undefined
    await (await built?.catch(() => undefined))?.stop()
  }

  /** Takes notifications by another configuration from now on. */
  useConfig(config: Config): void {
    this.#config = config
    this.stop().catch((error) =>
      this.#parts.logger.warn(
        { error: messageOf(error) },
        'the intake of before the reload did not end in order',
      ),
    )
  }

  #intake(): Promise<BuiltIntake> {
    if (!this.#built) {
      const building = BuiltIntake.open({ ...this.#parts, config: this.#config })
      this.#built = building
      // A faulty app may be repaired until the next try.
      building.catch(() => {
        if (this.#built === building) this.#built = undefined
      })
    }
    return this.#built
  }
}

function queueOf({ yagi }: Config, name: string | undefined): QueueSettings | undefined {
  const queues = yagi?.queues ?? []
  const found =
    name === undefined && queues.length === 1 ? queues[0] : queues.find(({ queue }) => queue === name)
  if (found || (name === undefined && queues.length === 0)) return found
  const names = queues.map(({ queue }) => queue).join(', ') || 'none, since the API runs by a winchester.yaml'
  throw new InvalidError(
    name === undefined
      ? `queue: there are several, name the one in whose place the notifications come: ${names}`
      : `queue: ${JSON.stringify(name)} is no queue of the configuration; known are ${names}`,
  )
}

/** Definitions, triggers, apps and archives of one configuration. */
class BuiltIntake {
  readonly #parts: PostedIntakeParts
  readonly #shared: Omit<TakeContext, 'queue' | 'apps' | 'plan' | 'archive'>
  readonly #clockService: Service
  readonly #running = new Set<Promise<unknown>>()
  readonly #contexts = new Map<string, Promise<TakeContext>>()

  static async open(parts: PostedIntakeParts): Promise<BuiltIntake> {
    const built = new BuiltIntake(parts)
    await built.#clockService.start()
    return built
  }

  private constructor(parts: PostedIntakeParts) {
    const { store, config, logger } = parts
    const { definitions, triggers, winchester, yagi } = config
    const { clock, service } = arrivalClockOf({ config, name: 'api', logger })
    this.#parts = parts
    this.#clockService = service
    this.#shared = {
      store,
      logger,
      distiller: createDistiller(definitions, { catchAll: winchester.catch_all_notifications }),
      router: buildRouter(triggers, logger, { misplaced: 0 }, undefined, hasAutoClock(config)),
      clock: parts.clock ?? clock,
      maxMessageBytes: yagi?.broker.maxMessageBytes ?? Number.POSITIVE_INFINITY,
      encode: store.encode,
    }
  }

  /** Takes notifications; the archive is not closed before all of them are kept. */
  async take(
    bodies: readonly Buffer[],
    settings: QueueSettings | undefined,
    signal: AbortSignal,
  ): Promise<Receipt[]> {
    const taking = this.#contextOf(settings).then((context) => takeNotifications(bodies, context, signal))
    this.#running.add(taking)
    try {
      return await taking
    } finally {
      this.#running.delete(taking)
    }
  }

  #contextOf(settings: QueueSettings | undefined): Promise<TakeContext> {
    const queue = settings?.queue ?? NO_QUEUE
    const known = this.#contexts.get(queue)
    if (known) return known
    const opening = this.#open(queue, settings)
    this.#contexts.set(queue, opening)
    opening.catch(() => this.#contexts.delete(queue))
    return opening
  }

  async stop(): Promise<void> {
    await Promise.allSettled([...this.#running])
    const opened = await Promise.all([...this.#contexts.values()].map((one) => one.catch(() => undefined)))
    for (const context of opened) {
      await context?.archive?.close()
      for (const { app } of context?.apps ?? []) await app.close?.()
    }
    await this.#clockService.stop()
  }

  async #open(queue: string, settings: QueueSettings | undefined): Promise<TakeContext> {
    const { config, logger } = this.#parts
    const apps: readonly QueueApp[] = settings ? await buildApps(settings, appServices(config, logger)) : []
    const archive: Archive | undefined = settings?.archive && (await openArchive(settings.archive, logger))
    const plan = settings && planOf(settings, apps.length > 0)
    return { ...this.#shared, queue, apps, archive, plan }
  }
}
