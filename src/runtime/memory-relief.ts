import type { Service } from './lifecycle.ts'
import { createMemoryRelief } from './memory.ts'

const EVERY_MS = 10_000

/** Creates a service that looks now and then whether the process holds more than so many MB, and then gives back what is free. */
export function memoryRelief(megabytes: number, everyMs = EVERY_MS): Service {
  let timer: NodeJS.Timeout | undefined
  return {
    async start() {
      timer = setInterval(createMemoryRelief(megabytes), everyMs).unref()
    },
    async stop() {
      clearInterval(timer)
    },
  }
}
