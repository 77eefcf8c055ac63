import { Agent } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import { timeOf } from './request.ts'

// A thread of its own: what collecting the garbage of the bench takes is no time of the server's.

export type RequestsData = {
  readonly urls: readonly string[]
  readonly warmUp: number
  readonly mostMs: number
}

const { urls, warmUp, mostMs } = workerData as RequestsData
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const times: number[] = []
let sum = 0
for (const [number, url] of urls.entries()) {
  const ms = await timeOf(url, agent)
  if (number < warmUp) continue
  times.push(ms)
  sum += ms
  // What takes seconds need not be asked two hundred times.
  if (times.length >= warmUp && sum > mostMs) break
}
agent.destroy()
parentPort?.postMessage(times)
