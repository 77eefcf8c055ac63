import { randomUUID } from 'node:crypto'
import { createArrivalClock, createWatchedWallClock } from '../clock/arrival-clock.ts'
import { ConsumerClock } from '../clock/consumer-clock.ts'
import { type EventClock, type IntakeClock, wallClock } from '../clock/event-clock.ts'
import type { ClockSettings } from '../clock/read-clock.ts'
import { SyncedClock } from '../clock/synced-clock.ts'
import { WatermarkClock } from '../clock/watermark-clock.ts'
import type { Config } from '../config/load/config.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Watermarks } from '../store/ports/watermarks.ts'
import { useOutgoingOf } from './outgoing-of.ts'
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

const DAY_MS = 86_400_000

/** Returns how the event clock of a configuration is set up; time_sync_endpoint goes before `clock`. */
export function clockSettingsOf({ winchester }: Config): ClockSettings {
  const { time_sync_endpoint, clock, clock_patience_days } = winchester
  return { mode: time_sync_endpoint ? 'time_sync' : clock, patienceMs: clock_patience_days * DAY_MS }
}

/** Returns whether the event clock follows from the positions of consumers. */
export function hasAutoClock(config: Config): boolean {
  return clockSettingsOf(config).mode === 'auto'
}

/** Returns the event clock of a consumer. */
export function consumerClockOf(parts: ClockParts): RunningClock<IntakeClock> {
  const { mode, patienceMs } = clockSettingsOf(parts.config)
  if (mode === 'time_sync') return synced(parts, 'posts')
  if (mode === 'wall') return unattended(createWatchedWallClock(parts.logger))
  return attended(new ConsumerClock({ ...parts, patienceMs }))
}

/** Returns the event clock of a worker. */
export function workerClockOf(parts: ClockParts): RunningClock<EventClock> {
  const { mode, patienceMs } = clockSettingsOf(parts.config)
  if (mode === 'time_sync') return synced(parts, 'reads')
  if (mode === 'wall') return unattended(wallClock)
  return attended(new WatermarkClock({ ...parts, patienceMs }))
}

/** Returns the event clock for single messages that are stored by hand. */
export function arrivalClockOf(parts: Omit<ClockParts, 'store'>): RunningClock<IntakeClock> {
  const { mode } = clockSettingsOf(parts.config)
  if (mode === 'time_sync') return synced(parts, 'reads')
  return unattended(mode === 'wall' ? wallClock : createArrivalClock())
}

function synced(
  { config, name, logger }: Omit<ClockParts, 'store'>,
  role: 'reads' | 'posts',
): RunningClock<SyncedClock> {
  useOutgoingOf(config)
  const endpoint = config.winchester.time_sync_endpoint as string
  const token = timeToken(process.env)
  // In containers a process may have the same name at each start.
  return attended(new SyncedClock({ endpoint, source: `${name}-${randomUUID()}`, role, token, logger }))
}

function attended<T extends Service>(clock: T): RunningClock<T> {
  return { clock, service: clock }
}

/** A clock that goes by itself. */
function unattended<T>(clock: T): RunningClock<T> {
  return { clock, service: { async start() {}, async stop() {} } }
}
