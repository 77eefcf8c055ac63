import { Agent, get } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

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
  const ms = await timeOf(url)
  if (number < warmUp) continue
  times.push(ms)
  sum += ms
  // What takes seconds need not be asked two hundred times.
  if (times.length >= warmUp && sum > mostMs) break
}
agent.destroy()
parentPort?.postMessage(times)

/** Milliseconds from a request to the end of its answer. */
function timeOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`))
      response.on('error', reject)
      response.on('end', () => resolve(performance.now() - begun))
      response.resume()
    }).on('error', reject)
  })
}
