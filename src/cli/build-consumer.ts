import type { Archive } from '../archive/archive.ts'
import { openRollingArchive } from '../archive/rolling-archive.ts'
import type { Broker } from '../broker/broker.ts'
import type { Config } from '../config/load-config.ts'
import type { YagiSettings } from '../config/yagi-settings.ts'
import { type ConsumerCounters, createConsumerCounters } from '../consumer/counters.ts'
import { QueueConsumer } from '../consumer/queue-consumer.ts'
import { createDistiller } from '../distiller/distiller.ts'
import type { EventClock } from '../runtime/event-clock.ts'
import { createGroup, createTeam, type Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import { buildRouter } from './build-router.ts'

export type ConsumerParts = {
  readonly config: Config
  readonly yagi: YagiSettings
  readonly broker: Broker
  readonly store: Store
  readonly clock: EventClock
  readonly logger: Logger
  /** told when a batch is stored */
  readonly onStored?: () => void
}

export type BuiltConsumer = Service & { readonly counters: ConsumerCounters }

/** A consumer of all the queues of a configuration, with one archive. */
export async function buildConsumer(parts: ConsumerParts): Promise<BuiltConsumer> {
  const { config, yagi, logger } = parts
  const archive = yagi.archive && (await openRollingArchive({ ...yagi.archive, logger }))
  const counters = createConsumerCounters()
  const shared = {
    ...parts,
    distiller: createDistiller(config.definitions, { catchAll: config.winchester.catch_all_notifications }),
    router: buildRouter(config.triggers, logger, counters),
    archive,
    counters,
    maxMessageBytes: yagi.broker.maxMessageBytes,
    batchMs: yagi.broker.batchMs,
    prefetch: yagi.broker.prefetch,
  }
  const queues = yagi.queues.map(
    (spec) => new QueueConsumer({ ...shared, spec, batchSize: spec.maxMessages ?? yagi.broker.batchSize }),
  )
  return { ...createGroup([closing(archive), createTeam(queues)]), counters }
}

/** Started first and so stopped last: the archive is closed when the last batch is written. */
function closing(archive: Archive | undefined): Service {
  return {
    async start() {},
    async stop() {
      await archive?.close()
    },
  }
}
