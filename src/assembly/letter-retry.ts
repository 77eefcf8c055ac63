import type { IntakeClock } from '../clock/event-clock.ts'
import type { Config } from '../config/load/config.ts'
import { type RetryContext, type RetryQueue, retryDeadLetter } from '../consumer/retry-dead-letter.ts'
import { createDistiller } from '../distiller/distiller.ts'
import type { Retried } from '../domain/retried.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { DeadLetter } from '../store/ports/dead-letter-box.ts'
import type { Store } from '../store/store.ts'
import { appServices, buildApps } from './build-apps.ts'
import { planOf } from './build-consumer.ts'
import { buildRouter } from './build-router.ts'
import { arrivalClockOf, hasAutoClock } from './event-clock-of.ts'

export type LetterRetryParts = {
  readonly store: Store
  readonly config: Config
  readonly logger: Logger
  /** the event clock (that of the configuration) */
  readonly clock?: IntakeClock | undefined
}

/** Drives dead letters in again by one configuration. To be started before, and stopped afterwards. */
export type BuiltLetterRetry = Service & {
  readonly retry: (letter: DeadLetter, body?: Buffer) => Promise<Retried>
}

/**
 * Builds what drives dead letters in again: event definitions, triggers, and the apps of queues where the configuration
 * is a yagi.conf.
 *
 * @example
 * const retrying = await buildLetterRetry({ store, config, logger })
 * await retrying.start()
 * const { outcome } = await retrying.retry(letter)
 */
export async function buildLetterRetry({
  store,
  config,
  logger,
  clock: given,
}: LetterRetryParts): Promise<BuiltLetterRetry> {
  const { clock, service } = arrivalClockOf({ config, name: 'dead-letters', logger })
  const { catch_all_notifications: catchAll } = config.winchester
  const queues = await queuesOf(config, logger)
  const context: RetryContext = {
    store,
    distiller: createDistiller(config.definitions, { catchAll }),
    hasDefinitions: config.definitions.length > 0 || catchAll,
    router: buildRouter(config.triggers, logger, { misplaced: 0 }, undefined, hasAutoClock(config)),
    clock: given ?? clock,
    maxMessageBytes: config.yagi?.broker.maxMessageBytes ?? Number.POSITIVE_INFINITY,
    encode: store.encode,
    logger,
    queueOf: (queue) => queues.get(queue),
  }
  return {
    start: () => service.start(),
    async stop() {
      for (const { apps } of queues.values()) for (const { app } of apps) await app.close?.()
      await service.stop()
    },
    retry: (letter, body) => retryDeadLetter(letter, context, body),
  }
}

/** Builds the apps and the plan of each configured queue. */
async function queuesOf(config: Config, logger: Logger): Promise<ReadonlyMap<string | null, RetryQueue>> {
  const services = appServices(config, logger)
  const queues = new Map<string | null, RetryQueue>()
  for (const settings of config.yagi?.queues ?? []) {
    const apps = await buildApps(settings, services)
    queues.set(settings.queue, { apps, plan: planOf(settings, apps.length > 0) })
  }
  return queues
}
