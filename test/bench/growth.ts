import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { ChildProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { createStore } from '../../src/cli/open-store.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import { decodeNotification } from '../../src/distiller/notification.ts'
import { formatIso, MICROS_PER_DAY } from '../../src/domain/time.ts'
import { openMysqlDatabase } from '../../src/store/mysql-database.ts'
import { createRouter } from '../../src/streams/router.ts'
import {
  type BenchDatabase,
  createBenchDatabase,
  drain,
  fillQueue,
  type Servers,
  startBoth,
} from './drain.ts'
import { percentile, printFigure } from './figure.ts'
import { manyBodies, withOtherIds } from './ingest/messages.ts'
import { withServers } from './servers.ts'

const EVENTS = 1_000_000
/** Events that each open a stream of their own; the others open 64 of 1,000. */
const LONE_EVENTS = 40_000
const BATCH = 1000
/** of the recorded day, in whole batches */
const BODIES_PER_ROUND = 4000
const MEASURED = 60_000
/** Rounds of the recorded day whose ids nothing else has. */
const MEASURED_FROM = 40_000
const SECOND_ROUND = 1000
/** Events come in the order of their time, as in life: a million over the first 20 hours of yesterday. */
const MICROS_APART = 72_000
const OLDEST = Math.floor(Date.now() / 86_400_000) * MICROS_PER_DAY - MICROS_PER_DAY
const NEWEST = OLDEST + EVENTS * MICROS_APART
const REQUESTS = 200
const WARM_UP = 20

const config = await loadConfig(resolve(import.meta.dirname, '../../config/winchester.yaml'), process.env)

/** Ingest with a million events and 100,000 open streams, over ingest into a database without; then the REST API there. */
export function benchGrowth(): Promise<void> {
  return withServers(async (bench) => {
    const servers = await startBoth(bench)
    const empty = await ingestTwice(servers, await createBenchDatabase(servers, 'empty_database'))
    const grown = await createBenchDatabase(servers, 'grown_database')
    const facts = await fill(grown)
    const rate = await ingestTwice(servers, grown)
    printFigure('ingest_at_0', empty, { notifications: MEASURED })
    printFigure('ingest_at_1m', rate, {
      goal_of_empty: 0.9,
      of_empty: Number((rate / empty).toFixed(2)),
      empty_per_s: Math.round(empty),
      notifications: MEASURED,
      ...facts,
    })
    await quiet(grown.url)
    await benchApi(grown)
  })
}

/** New ones in the order of their time; every 60th is late, a repeat, or without a time: 5 of 100. */
function withTrouble(bodies: readonly Buffer[]): Buffer[] {
  const measured: Buffer[] = []
  for (const [index, body] of bodies.entries()) {
    const timestamp = formatIso(NEWEST + index * MICROS_APART)
    if (index % 60 === 20) measured.push(late(String(body), index))
    else if (index % 60 === 40) measured.push(measured.at(-1) as Buffer)
    else measured.push(withTime(String(body), index % 60 === 50 ? undefined : timestamp))
  }
  return measured
}

/** A message of its own about an instance of the first rounds, at their time. */
function late(body: string, index: number): Buffer {
  const { message_id } = JSON.parse(body)
  const instance = withOtherIds(body, MEASURED_FROM ^ (index % 200))
  const timestamp = formatIso(OLDEST + ((index * 7919) % EVENTS) * MICROS_APART)
  return withTime(JSON.stringify({ ...JSON.parse(instance), message_id }), timestamp)
}

function withTime(body: string, timestamp: string | undefined): Buffer {
  return Buffer.from(JSON.stringify({ ...JSON.parse(body), timestamp }))
}

/** The second time counts: the first warms what is kept in memory, of an empty database and of a grown one. */
async function ingestTwice(servers: Servers, database: BenchDatabase): Promise<number> {
  await ingest(servers, database, withTrouble(manyBodies(MEASURED, MEASURED_FROM)))
  return ingest(servers, database, withTrouble(manyBodies(MEASURED, MEASURED_FROM + SECOND_ROUND)))
}

async function ingest(servers: Servers, database: BenchDatabase, bodies: readonly Buffer[]): Promise<number> {
  const ids = new Set(bodies.map((body) => JSON.parse(String(body)).message_id))
  await fillQueue(servers.amqpUrl, bodies)
  const { seconds, consumers } = await drain(database, ids.size, 1)
  await Promise.all(consumers.map((consumer) => consumer.stop()))
  return bodies.length / seconds
}

async function fill({ url }: BenchDatabase): Promise<{ events: number; open_streams: number }> {
  const store = await createStore(await openMysqlDatabase({ url: new URL(url) }), config, 'bench')
  const router = createRouter(config.triggers)
  const distiller = createDistiller(config.definitions, { catchAll: false })
  let filled = 0
  for (const bodies of chunks()) {
    const arrivals = bodies.map((body) => {
      const decoded = decodeNotification(body)
      const distilled = decoded.ok ? distiller.distil(decoded.notification, 0) : undefined
      if (distilled?.kind !== 'event') throw new Error('every message of the bench must become an event')
      const timestamp = OLDEST + filled++ * MICROS_APART
      const event = { ...distilled.event, timestamp }
      return { event, at: timestamp, keys: router.keysOf(event) }
    })
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
  }
  const page = { limit: 1, mark: undefined, ascending: true }
  const facts = {
    events: await store.countEvents({}, page),
    open_streams: await store.countStreams({ state: 'active' }, page),
  }
  await store.close()
  return facts
}

/** Not all at once: a million bodies are 2.6 GB. */
function* chunks(): Generator<Buffer[]> {
  const day = manyBodies(BODIES_PER_ROUND)
  for (let sent = 0, round = 0; sent < EVENTS - LONE_EVENTS; round++) {
    for (let at = 0; at < day.length && sent < EVENTS - LONE_EVENTS; at += BATCH) {
      const part = day.slice(at, at + BATCH)
      sent += part.length
      yield part.map((body) => Buffer.from(withOtherIds(String(body), round)))
    }
  }
  const lone = day
    .map(String)
    .find((body) => JSON.parse(body).event_type === 'compute.instance.update') as string
  for (let number = 0; number < LONE_EVENTS; number += BATCH) {
    // Beyond the rounds above and before those that are measured.
    yield Array.from({ length: BATCH }, (_, index) =>
      Buffer.from(withOtherIds(lone, 300 + ((number + index) % (MEASURED_FROM - 300)))),
    )
  }
}

/** Changed pages of a server that has nothing left to write. */
const FEW_PAGES = 200
const LONGEST_WRITING_MS = 120_000

/** Waits until the server has written to disk what ingest at full speed left in its memory. */
async function quiet(url: string): Promise<void> {
  const connection = await createConnection(url)
  const until = performance.now() + LONGEST_WRITING_MS
  for (let pages = Number.POSITIVE_INFINITY; pages > FEW_PAGES && performance.now() < until; ) {
    await delay(500)
    const [rows] = await connection.query<RowDataPacket[]>(
      "show status like 'innodb_buffer_pool_pages_dirty'",
    )
    pages = Number(rows[0]?.Value)
  }
  await connection.end()
}

async function benchApi(database: BenchDatabase): Promise<void> {
  const port = await freePort()
  const args = ['api', '-c', database.config, '--listen', `127.0.0.1:${port}`]
  const api = new ChildProgram('stv3', args, database.env)
  const base = `http://127.0.0.1:${port}/v1`
  while (!(await fetch(`${base}/streams?limit=1`).then(Boolean, () => false)));
  const connection = await createConnection(database.url)
  const [[day]] = await connection.query<RowDataPacket[]>('select max(`generated`) as at from event')
  const [messages] = await connection.query<RowDataPacket[]>(
    'select message_id from event where id % 4999 = 0 limit 200',
  )
  const [streams] = await connection.query<RowDataPacket[]>(
    'select distinguishing_traits as traits from stream where id % 499 = 0 limit 200',
  )
  await connection.end()
  const instances = streams.map(({ traits }) => JSON.parse(traits).instance_id as string)
  const instance = (number: number) => `instance_id:${instances[number % instances.length]}`
  const hour = (number: number) =>
    new Date(Number(day?.at) / 1000 - number * 3_600_000).toISOString().slice(0, 19)
  const id = (number: number) => 1 + ((number * 499) % 60_000)
  const queries: { readonly [name: string]: (number: number) => string } = {
    'streams?limit': () => '/streams?limit=200',
    'streams?state': () => '/streams?state=active&limit=200',
    'streams?trigger_name': () => '/streams?trigger_name=instance_day&limit=200',
    'streams?mark': (number) => `/streams?limit=200&mark=${id(number)}`,
    'streams/ID?details': (number) => `/streams/${id(number)}?details=true`,
    'events?limit': () => '/events?limit=200',
    'events?event_name': () => '/events?event_name=compute.instance.create.end&limit=200',
    'events?from_datetime&to_datetime': (number) =>
      `/events?from_datetime=${hour(12 + (number % 12))}&to_datetime=${hour(11 + (number % 12))}&limit=200`,
    'events?traits': (number) => `/events?traits=${instance(number)}`,
    'streams?distinguishing_traits': (number) => `/streams?distinguishing_traits=${instance(number)}`,
    'events/ID': (number) => `/events/${messages[number % messages.length]?.message_id}`,
    'events/count': () => '/events/count',
    'events/count?traits': (number) => `/events/count?traits=${instance(number)}`,
    'events/count?event_name': () => '/events/count?event_name=compute.instance.create.end',
    'streams/count?state': () => '/streams/count?state=active',
  }
  for (const [query, path] of Object.entries(queries)) {
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

async function timesOf(url: (number: number) => string): Promise<number[]> {
  const times: number[] = []
  for (let number = 0; number < WARM_UP + REQUESTS; number++) {
    const begun = performance.now()
    const response = await fetch(url(number))
    await response.text()
    if (!response.ok) throw new Error(`${url(number)}: ${response.status}`)
    if (number >= WARM_UP) times.push(performance.now() - begun)
    // What takes seconds need not be asked two hundred times.
    if (times.length >= WARM_UP && times.reduce((sum, ms) => sum + ms, 0) > 20_000) break
  }
  return times
}
