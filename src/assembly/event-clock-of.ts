import { randomUUID } from 'node:crypto'
import { createArrivalClock, createWatchedWallClock } from '../clock/arrival-clock.ts'
import { ConsumerClock } from '../clock/consumer-clock.ts'
import { type EventClock, type IntakeClock, wallClock } from '../clock/event-clock.ts'
import { type Hold, lowWatermark } from '../clock/low-watermark.ts'
import { SyncedClock } from '../clock/synced-clock.ts'
import { WatermarkClock } from '../clock/watermark-clock.ts'
import type { Config } from '../config/load/config.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Watermarks } from '../store/ports/watermarks.ts'
import { timeToken } from './time-settings.ts'

/** A clock, and the service that keeps it going. */
export type RunningClock<T> = { readonly clock: T; readonly service: Service }

type ClockParts = {
  readonly config: Config
  /** the name of the process */
  readonly name: string
  readonly logger: Logger
  readonly store: Watermarks
}

const NOTHING: Service = { async start() {}, async stop() {} }
const DAY_MS = 86_400_000

/**
 * Returns the event clock of a consumer: that of time_sync_endpoint if set, else the one that `clock` names.
 */
export function consumerClockOf({ config, name, logger, store }: ClockParts): RunningClock<IntakeClock> {
  const { time_sync_endpoint: endpoint, clock, clock_patience_days } = config.winchester
  if (endpoint) return synced(endpoint, 'posts', name, logger)
  if (clock === 'wall') return { clock: createWatchedWallClock(logger), service: NOTHING }
  const auto = new ConsumerClock({ store, logger, patienceMs: clock_patience_days * DAY_MS })
  return { clock: auto, service: auto }
}

/** Returns the event clock of a worker, chosen as that of a consumer. */
export function workerClockOf({ config, name, logger, store }: ClockParts): RunningClock<EventClock> {
  const { time_sync_endpoint: endpoint, clock, clock_patience_days } = config.winchester
  if (endpoint) return synced(endpoint, 'reads', name, logger)
  if (clock === 'wall') return { clock: wallClock, service: NOTHING }
  const auto = new WatermarkClock({ store, logger, patienceMs: clock_patience_days * DAY_MS })
  return { clock: auto, service: auto }
}

/** Returns whether the event clock follows from the positions of consumers. */
export function hasAutoClock({ winchester }: Config): boolean {
  return winchester.clock === 'auto' && !winchester.time_sync_endpoint
}

/** Returns the mode and the patience of a configuration's event clock. */
export function clockSettingsOf({ winchester }: Config): {
  readonly mode: 'auto' | 'wall' | 'time_sync'
  readonly patienceMs: number
} {
  const { time_sync_endpoint, clock, clock_patience_days } = winchester
  return { mode: time_sync_endpoint ? 'time_sync' : clock, patienceMs: clock_patience_days * DAY_MS }
}

/** Reads who holds the event clock, the earliest first; nobody does where it follows from no positions. */
export async function holdsOf(store: Watermarks, config: Config): Promise<readonly Hold[]> {
  const { mode, patienceMs } = clockSettingsOf(config)
  if (mode !== 'auto') return []
  return lowWatermark(await store.readReports(), { wallNow: Date.now() * 1000, patienceMs }).holds
}

/** Returns the event clock for single messages that are stored by hand. */
export function arrivalClockOf({
  config,
  name,
  logger,
}: Omit<ClockParts, 'store'>): RunningClock<IntakeClock> {
  const { time_sync_endpoint: endpoint, clock } = config.winchester
  if (endpoint) return synced(endpoint, 'reads', name, logger)
  return { clock: clock === 'wall' ? wallClock : createArrivalClock(), service: NOTHING }
}

function synced(
  endpoint: string,
  role: 'reads' | 'posts',
  name: string,
  logger: Logger,
): RunningClock<SyncedClock> {
  const token = timeToken(process.env)
  // In containers a process may have the same name at each start.
  const clock = new SyncedClock({ endpoint, source: `${name}-${randomUUID()}`, role, token, logger })
  return { clock, service: clock }
}
