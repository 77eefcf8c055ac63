import { createBenchDatabase, drain, fillQueue, type Servers, startBoth } from './drain.ts'
import { printFigure } from './figure.ts'
import { manyBodies } from './ingest/messages.ts'
import { withServers } from './servers.ts'

const LARGE_BYTES = 64 * 1024

/** Most memory of a consumer that drains a full queue: of bodies as recorded, of large ones, and of both in turn. */
export function benchMemory(): Promise<void> {
  return withServers(async (bench) => {
    const servers = await startBoth(bench)
    const recorded = manyBodies(60_000)
    const large = manyBodies(10_000).map(padded)
    const both = manyBodies(20_000).map((body, index) => (index % 4 === 0 ? padded(body) : body))
    const details = {
      goal: 256,
      recorded_bodies: await peak(servers, 'recorded', recorded),
      large_bodies: await peak(servers, 'large', large),
      both_in_turn: await peak(servers, 'in_turn', both),
      large_bytes: LARGE_BYTES,
    }
    const { recorded_bodies, large_bodies, both_in_turn } = details
    printFigure('rss_mb', Math.max(recorded_bodies, large_bodies, both_in_turn), details)
  })
}

/** The same notification with a long field. */
function padded(body: Buffer): Buffer {
  const notification = JSON.parse(body.toString())
  notification.payload.padding = 'x'.repeat(Math.max(0, LARGE_BYTES - body.length))
  return Buffer.from(JSON.stringify(notification))
}

async function peak(servers: Servers, name: string, bodies: readonly Buffer[]): Promise<number> {
  const database = await createBenchDatabase(servers, name)
  await fillQueue(servers.amqpUrl, bodies)
  const { consumers } = await drain(database, bodies.length, 1)
  const megabytes = consumers[0]?.peakMemoryMb() ?? Number.NaN
  await Promise.all(consumers.map((consumer) => consumer.stop()))
  return megabytes
}
