import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { createBenchDatabase, fillQueue, QUEUE, startBoth, startDaemon, WITHOUT_DELAY } from './drain.ts'
import { percentile, printFigure } from './figure.ts'
import { manyBodies } from './ingest/messages.ts'
import { withServers } from './servers.ts'

const PER_SECOND = 1000
const SECONDS = 30
const TICK_MS = 10
const POLL_MS = 5
const IDS_LOOKED_AT_AGAIN = 100
/** Until the programs are warm nothing is counted. */
const WARM_UP = 5 * PER_SECOND

/** Ms from publishing to being visible, and to the result of the pipeline that an exists fires, at a steady rate. */
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
    const published = new Map<string, number>()
    const watching = watch(database.url, published, bodies.length)
    await publishSteadily(servers.amqpUrl, bodies, published)
    const { visible, fired } = await watching
    await Promise.all([consumer.stop(), worker.stop()])
    for (const [figure, values, goal_p99] of [
      ['visible_ms', visible, 200],
      ['fired_ms', fired, 500],
    ] as const) {
      const p50 = Number(percentile(values, 0.5).toFixed(1))
      printFigure(figure, percentile(values, 0.99), {
        of: 'p99',
        goal_p99,
        p50,
        samples: values.length,
        per_s: PER_SECOND,
      })
    }
  })
}

async function publishSteadily(
  amqpUrl: string,
  bodies: readonly Buffer[],
  published: Map<string, number>,
): Promise<void> {
  const model = await connect(amqpUrl)
  const channel = await model.createConfirmChannel()
  const begun = performance.now()
  for (let sent = 0; sent < bodies.length; ) {
    const due = Math.min(bodies.length, Math.floor(((performance.now() - begun) / 1000) * PER_SECOND))
    for (; sent < due; sent++) {
      const body = bodies[sent] as Buffer
      if (sent >= WARM_UP) published.set(JSON.parse(body.toString()).message_id, performance.now())
      channel.publish('', QUEUE, body, { persistent: true })
    }
    await delay(TICK_MS)
  }
  await channel.waitForConfirms()
  await model.close()
}

/** Reads new events again and again, as a client would. */
async function watch(url: string, published: ReadonlyMap<string, number>, count: number) {
  const connection = await createConnection(url)
  await connection.query('set session transaction isolation level read committed')
  const visible: number[] = []
  /** Results of a stream name the exists that they are about; the latest of these made it fire. */
  const fired = new Map<string, number>()
  const seen = new Set<number>()
  let settled = 0
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
