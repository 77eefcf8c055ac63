import { setTimeout as delay } from 'node:timers/promises'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import {
  type BenchDatabase,
  createBenchDatabase,
  fillQueue,
  QUEUE,
  type Servers,
  startBoth,
  startDaemon,
  WITHOUT_DELAY,
} from './drain.ts'
import { percentile, printFigure } from './figure.ts'
import { manyBodies } from './ingest/messages.ts'
import { withServers } from './servers.ts'
import { SteadyPublisher } from './steady-publisher.ts'

const PER_SECOND = 1000
const SECONDS = 30
/** messages that come one a second */
const TRICKLE = 20
/** a round of bodies whose ids nothing else has */
const OTHER_IDS = 1000
const POLL_MS = 5
const IDS_LOOKED_AT_AGAIN = 100
/** Until the programs are warm nothing is counted. */
const WARM_UP = 5 * PER_SECOND

/**
 * Ms from publishing to being visible, and to the result of the pipeline that an exists fires, at a steady rate; then
 * to being visible where messages come one by one.
 */
export function benchLatency(): Promise<void> {
  return withServers(async (bench) => {
    const servers = await startBoth(bench)
    const database = await createBenchDatabase(servers, 'latency', WITHOUT_DELAY)
    // The logger handler writes a line for each event; whoever reads them would be part of what is measured.
    const quiet = { ...database, env: { ...database.env, STACKTACH_LOG_LEVEL: 'error' } }
    await fillQueue(servers.amqpUrl, [])
    const consumer = await startDaemon('consume', database, 'reading queue')
    const worker = await startDaemon('work', quiet, '')
    const bodies = manyBodies(PER_SECOND * SECONDS)
    const steady = await measure(servers, database, bodies, PER_SECOND, WARM_UP)
    printPercentiles('visible_ms', steady.visible, { goal_p99: 200, per_s: PER_SECOND })
    printPercentiles('fired_ms', steady.fired, { goal_p99: 500, per_s: PER_SECOND })
    const trickle = await measure(servers, database, manyBodies(TRICKLE, OTHER_IDS), 1, 0)
    printPercentiles('trickle_visible_ms', trickle.visible, { goal_p99: 50, per_s: 1 })
    await Promise.all([consumer.stop(), worker.stop()])
  })
}

function printPercentiles(
  figure: string,
  values: readonly number[],
  details: { readonly goal_p99: number; readonly per_s: number },
): void {
  const p50 = Number(percentile(values, 0.5).toFixed(1))
  printFigure(figure, percentile(values, 0.99), { of: 'p99', p50, samples: values.length, ...details })
}

async function measure(
  { amqpUrl }: Servers,
  database: BenchDatabase,
  bodies: readonly Buffer[],
  perSecond: number,
  warmUp: number,
) {
  const published = new Map<string, number>()
  const watching = watch(database.url, published, bodies.length)
  const publisher = await SteadyPublisher.start(amqpUrl, QUEUE, perSecond)
  await publisher.publish(bodies, (index) => {
    if (index >= warmUp) published.set(JSON.parse(String(bodies[index])).message_id, performance.now())
  })
  return watching
}

/** Reads new events again and again, as a client would. */
async function watch(url: string, published: ReadonlyMap<string, number>, count: number) {
  const connection = await createConnection(url)
  await connection.query('set session transaction isolation level read committed')
  const visible: number[] = []
  /** Results of a stream name the exists that they are about; the latest of these made it fire. */
  const fired = new Map<string, number>()
  const seen = new Set<number>()
  const [[newest]] = await connection.query<RowDataPacket[]>('select max(id) as id from event')
  let settled = Number(newest?.id ?? 0)
  let quietSince = performance.now()
  while (seen.size < count || performance.now() - quietSince < 2000) {
    const [rows] = await connection.query<RowDataPacket[]>(
      `select id, message_id, json_value(traits, '$.original_message_id') as original,
         json_value(traits, '$.stream_id') as stream from event where id > ?`,
      [settled],
    )
    const now = performance.now()
    for (const { id, message_id, original, stream } of rows) {
      if (seen.has(id)) continue
      seen.add(id)
      quietSince = now
      const at = published.get(original ?? message_id)
      if (at === undefined) continue
      if (original === null) visible.push(now - at)
      else fired.set(stream, Math.min(now - at, fired.get(stream) ?? Number.POSITIVE_INFINITY))
    }
    // Ids become visible out of order: the last ones are looked at again.
    settled = Math.max(settled, Number(rows.at(-1)?.id ?? 0) - IDS_LOOKED_AT_AGAIN)
    await delay(POLL_MS)
  }
  await connection.end()
  return { visible, fired: [...fired.values()] }
}
