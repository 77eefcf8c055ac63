import { createConnection } from 'mysql2/promise'
import {
  type BenchDatabase,
  countAfter,
  createBenchDatabase,
  drain,
  fillQueue,
  QUEUE,
  type Servers,
  startBoth,
} from '../drain.ts'
import { median, printFigure } from '../figure.ts'
import { withServers } from '../servers.ts'
import { runFloor } from './floor.ts'
import { prepareFloor } from './floor-batches.ts'
import { manyBodies } from './messages.ts'

const MESSAGES = 240_000
const BATCH = 500
const ROUNDS = 3

/** Notifications per second from a queue into the database, by consumers and by the floor, one after the other. */
export function benchIngest(): Promise<void> {
  return withServers(async (bench) => {
    const servers = await startBoth(bench)
    const bodies = manyBodies(MESSAGES)
    const batches = await prepareFloor(bodies, BATCH)
    const rates: { [name in 'floor' | 'one' | 'two']: number[] } = { floor: [], one: [], two: [] }
    for (let round = 0; round < ROUNDS; round++) {
      rates.floor.push(
        await inTurn(servers, bodies, `floor_${round}`, ({ url, folder }) =>
          runFloor(batches, {
            amqpUrl: servers.amqpUrl,
            databaseUrl: url,
            queue: QUEUE,
            folder,
            batchSize: BATCH,
          }),
        ),
      )
      rates.one.push(await inTurn(servers, bodies, `one_${round}`, (database) => consume(database, 1)))
      rates.two.push(await inTurn(servers, bodies, `two_${round}`, (database) => consume(database, 2)))
    }
    const floor = median(rates.floor)
    const details = { notifications: MESSAGES, rounds: ROUNDS }
    printFigure('ingest_floor_per_s', floor, details)
    printFigure('ingest_per_s', median(rates.one), {
      goal_of_floor: 0.8,
      of_floor: Number((median(rates.one) / floor).toFixed(2)),
      two_processes_per_s: Math.round(median(rates.two)),
      ...details,
    })
  })
}

/** Fills the queue, makes a database, and answers the rate of what drains the one into the other. */
async function inTurn(
  servers: Servers,
  bodies: readonly Buffer[],
  name: string,
  run: (database: BenchDatabase) => Promise<number>,
): Promise<number> {
  const database = await createBenchDatabase(servers, name)
  await fillQueue(servers.amqpUrl, bodies)
  const seconds = await run(database)
  const connection = await createConnection(database.url)
  const stored = await countAfter(connection, 0)
  await connection.end()
  if (stored !== bodies.length) throw new Error(`${name}: ${stored} of ${bodies.length} events are stored`)
  return bodies.length / seconds
}

async function consume(database: BenchDatabase, count: number): Promise<number> {
  const { seconds, consumers } = await drain(database, MESSAGES, count)
  await Promise.all(consumers.map((consumer) => consumer.stop()))
  return seconds
}
