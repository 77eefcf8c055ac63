import { allEnded } from './all-ended.ts'

/** A part that runs until it is stopped. Stopping drains, may be repeated, and may come before the start. */
export interface Service {
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts services in order and stops them in reverse. A failed start stops the services that had started, and
 * rejects with its own error. `stop` stops all of them, even when one fails, and then rejects with the first
 * error.
 *
 * @example
 * const daemon = createGroup([statusService, statistics, consumer])
 * await daemon.start()
 */
export function createGroup(services: readonly Service[]): Service {
  const started: Service[] = []
  const stop = async () => {
    const failures: unknown[] = []
    for (let service = started.pop(); service; service = started.pop()) {
      await service.stop().catch((error) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }
  return {
    async start() {
      for (const service of services) {
        // Added before it has started: a service that fails half way still has something to stop.
        started.push(service)
        try {
          await service.start()
        } catch (error) {
          await stop().catch(() => {})
          throw error
        }
      }
    },
    stop,
  }
}

/**
 * Starts services in order and stops them all at once. A failed start stops all, and rejects with its own
 * error; `stop` rejects with the first error when all have ended.
 */
export function createTeam(services: readonly Service[]): Service {
  const stop = () => allEnded(services.map((service) => service.stop()))
  return {
    async start() {
      try {
        for (const service of services) await service.start()
      } catch (error) {
        await stop().catch(() => {})
        throw error
      }
    },
    stop,
  }
}
