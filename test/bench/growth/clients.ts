import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { timeOf } from './request.ts'

// A thread of its own: what collecting the garbage of the bench takes is no time of the server's.

export type ClientsData = {
  /** one list of URLs for each client */
  readonly urls: readonly (readonly string[])[]
  /** milliseconds between the requests of a client */
  readonly everyMs: number
  /** requests of each client that are not counted */
  readonly warmUp: number
}

const { urls, everyMs, warmUp } = workerData as ClientsData
const times = await Promise.all(urls.map(ask))
parentPort?.postMessage(times.flat())

/** Asks as one client: at an even rate, or as fast as the answers come. */
async function ask(own: readonly string[], client: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const begun = performance.now() + (everyMs * client) / urls.length
  const measured: number[] = []
  for (const [number, url] of own.entries()) {
    await delay(Math.max(0, begun + number * everyMs - performance.now()))
    const ms = await timeOf(url, agent)
    if (number >= warmUp) measured.push(ms)
  }
  agent.destroy()
  return measured
}
