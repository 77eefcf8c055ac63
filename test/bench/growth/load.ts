import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createConnection } from 'mysql2/promise'
import type { BenchOptions } from '../bench-options.ts'
import { createBenchDatabase, fillQueue, newestId, QUEUE, startBoth, startDaemon } from '../drain.ts'
import { percentile, printFigure } from '../figure.ts'
import { withServers } from '../servers.ts'
import { SteadyPublisher } from '../steady-publisher.ts'
import { withApi } from './api.ts'
import type { ClientsData } from './clients.ts'
import { fill, sizeOf } from './grown-database.ts'
import { troubledMessages } from './messages.ts'
import { type Query, queriesOf } from './queries.ts'

const MILLION = 1_000_000
const CLIENTS = 50
const EVERY_MS = 1000
/** Of each client: a moment in which the disk writes out hits each of them once, and is less than a hundredth of all. */
const REQUESTS = 20
const WARM_UP = 2
const PER_SECOND = 1000
/** Goal of what everybody asks all the time: lists, timeline and explanation. */
const QUICK_MS = 50
/** Seconds that one query takes, and those of the whole before and after. */
const SECONDS_PER_QUERY = REQUESTS + WARM_UP + 1
const OTHER_SECONDS = 30

/** How fast the REST API answers 50 clients, each of which asks once a second, while a consumer stores 1,000/s. */
export function benchLoad({ events = MILLION }: BenchOptions): Promise<void> {
  const size = sizeOf(events)
  return withServers(async (bench) => {
    const servers = await startBoth(bench)
    const database = await createBenchDatabase(servers, 'loaded')
    const facts = await fill(database.url, size)
    // A server refuses most of 50 counts of everything at the same time.
    const queries = (await queriesOf(database.url, size)).filter(({ goal }) => goal <= QUICK_MS)
    await fillQueue(servers.amqpUrl, [])
    const consumer = await startDaemon('consume', database, 'reading queue')
    const seconds = queries.length * SECONDS_PER_QUERY + OTHER_SECONDS
    const publisher = await SteadyPublisher.start(servers.amqpUrl, QUEUE, PER_SECOND)
    const publishing = publisher.publish(troubledMessages(PER_SECOND * seconds, 0, size))
    const connection = await createConnection(database.url)
    const [before, begun] = [await newestId(connection), performance.now()]
    const stored = async () => (await newestId(connection)) - before
    try {
      await withApi(database, async (base) => {
        for (const query of queries) await measure(query, base)
      })
    } finally {
      publisher.stop()
      await publishing
    }
    printFigure('ingest_under_load', ((await stored()) / (performance.now() - begun)) * 1000, {
      published_per_s: PER_SECOND,
      clients: CLIENTS,
      ...facts,
    })
    await connection.end()
    await consumer.stop()
  })
}

async function measure({ name, goal, path }: Query, base: string): Promise<void> {
  const urls = Array.from({ length: CLIENTS }, (_, client) =>
    Array.from({ length: WARM_UP + REQUESTS }, (_, number) => `${base}${path(client + number * CLIENTS)}`),
  )
  const workerData: ClientsData = { urls, everyMs: EVERY_MS, warmUp: WARM_UP }
  const clients = new Worker(new URL('./clients.ts', import.meta.url), { workerData })
  const [times] = (await once(clients, 'message')) as [number[]]
  printFigure('api_p99_ms_under_load', percentile(times, 0.99), {
    query: name,
    goal,
    p50: Number(percentile(times, 0.5).toFixed(1)),
    p90: Number(percentile(times, 0.9).toFixed(1)),
    longest: Math.round(Math.max(...times)),
    requests: times.length,
  })
  await delay(EVERY_MS)
}
