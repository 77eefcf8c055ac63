import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { ChildProgram } from '../../../sandbox/servers/child-program.ts'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { formatIso, MICROS_PER_HOUR } from '../../../src/domain/time.ts'
import type { BenchDatabase } from '../drain.ts'
import { percentile, printFigure } from '../figure.ts'
import { NEWEST } from './grown-database.ts'
import type { RequestsData } from './requests.ts'

const REQUESTS = 200
const WARM_UP = 20

/** How fast the REST API answers, one request after the other. */
export async function benchApi(database: BenchDatabase): Promise<void> {
  const port = await freePort()
  const args = ['api', '-c', database.config, '--listen', `127.0.0.1:${port}`]
  const api = new ChildProgram('stv3', args, database.env)
  const base = `http://127.0.0.1:${port}/v1`
  while (!(await fetch(`${base}/streams?limit=1`).then(Boolean, () => false)));
  for (const [query, path] of Object.entries(await queriesOf(database.url))) {
    const times = await timesOf((number) => `${base}${path(number)}`)
    const isCount = query.includes('count')
    printFigure('api_p99_ms', percentile(times, 0.99), {
      query,
      goal: isCount ? 1000 : 50,
      p50: Number(percentile(times, 0.5).toFixed(1)),
    })
  }
  await api.stop()
}

type Queries = { readonly [name: string]: (number: number) => string }

async function queriesOf(url: string): Promise<Queries> {
  const connection = await createConnection(url)
  const [messages] = await connection.query<RowDataPacket[]>(
    'select message_id from event where id % 4999 = 0 limit 200',
  )
  const [streams] = await connection.query<RowDataPacket[]>(
    'select distinguishing_traits as traits from stream where id % 499 = 0 limit 200',
  )
  await connection.end()
  const instances = streams.map(({ traits }) => JSON.parse(traits).instance_id as string)
  const instance = (number: number) => `instance_id:${instances[number % instances.length]}`
  const hoursAgo = (number: number) => formatIso(NEWEST - number * MICROS_PER_HOUR).slice(0, 19)
  const id = (number: number) => 1 + ((number * 499) % 60_000)
  return {
    'streams?limit': () => '/streams?limit=200',
    'streams?state': () => '/streams?state=active&limit=200',
    'streams?trigger_name': () => '/streams?trigger_name=instance_day&limit=200',
    'streams?mark': (number) => `/streams?limit=200&mark=${id(number)}`,
    'streams/ID?details': (number) => `/streams/${id(number)}?details=true`,
    'events?limit': () => '/events?limit=200',
    'events?event_name': () => '/events?event_name=compute.instance.create.end&limit=200',
    'events?from_datetime&to_datetime': (number) =>
      `/events?from_datetime=${hoursAgo(8 + (number % 12))}&to_datetime=${hoursAgo(7 + (number % 12))}&limit=200`,
    'events?traits': (number) => `/events?traits=${instance(number)}`,
    'streams?distinguishing_traits': (number) => `/streams?distinguishing_traits=${instance(number)}`,
    'events/ID': (number) => `/events/${messages[number % messages.length]?.message_id}`,
    'events/count': () => '/events/count',
    'events/count?traits': (number) => `/events/count?traits=${instance(number)}`,
    'events/count?event_name': () => '/events/count?event_name=compute.instance.create.end',
    'streams/count?state': () => '/streams/count?state=active',
  }
}

/** Milliseconds of each answer, without the first ones. */
async function timesOf(url: (number: number) => string): Promise<number[]> {
  const urls = Array.from({ length: WARM_UP + REQUESTS }, (_, number) => url(number))
  const workerData: RequestsData = { urls, warmUp: WARM_UP, mostMs: 20_000 }
  const worker = new Worker(new URL('./requests.ts', import.meta.url), { workerData })
  const [times] = await once(worker, 'message')
  return times
}
