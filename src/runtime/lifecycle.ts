import { allEnded } from './all-ended.ts'
/** Anything that runs until it is told to stop. Stopping drains, may be repeated, and may come before start. */
export interface Service {
  start(): Promise<void>
  stop(): Promise<void>
}

/** Starts services in order and stops them in reverse; a failed start stops what had started. */
export function createGroup(services: readonly Service[]): Service {
  const started: Service[] = []
  const stop = async () => {
    for (let service = started.pop(); service; service = started.pop()) await service.stop()
  }
  return {
    async start() {
      for (const service of services) {
        // Before it has started: a service that fails half way still has something to stop.
        started.push(service)
        try {
          await service.start()
        } catch (error) {
          await stop()
          throw error
        }
      }
    },
    stop,
  }
}

/** Starts services in order and stops them all at once; a stop that fails is told when all have ended. */
export function createTeam(services: readonly Service[]): Service {
  return {
    async start() {
      for (const service of services) await service.start()
    },
    async stop() {
      await allEnded(services.map((service) => service.stop()))
    },
  }
}
