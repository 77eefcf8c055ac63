import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { createBenchDatabase, drain, fillQueue, startBoth, startDaemon, WITHOUT_DELAY } from './drain.ts'
import { printFigure } from './figure.ts'
import { manyBodies } from './ingest/messages.ts'
import { withServers } from './servers.ts'

const MESSAGES = 120_000
const EACH = 3

/** Deadlocks per 1,000 batches while consumers and workers share one database. */
export function benchContention(): Promise<void> {
  return withServers(async (bench) => {
    const servers = await startBoth(bench)
    const database = await createBenchDatabase(servers, 'contention', WITHOUT_DELAY)
    await fillQueue(servers.amqpUrl, manyBodies(MESSAGES))
    const workers = await Promise.all(
      Array.from({ length: EACH }, () => startDaemon('work', database, 'running')),
    )
    const { consumers, seconds } = await drain(database, MESSAGES, EACH)
    const ended = await Promise.all([...consumers, ...workers].map((program) => program.stop()))
    const batches = sum(ended.map(({ stderr }) => counterOf(stderr, 'batches')))
    const connection = await createConnection(database.url)
    const [[row]] = await connection.query<RowDataPacket[]>("show global status like 'Innodb_deadlocks'")
    await connection.end()
    const deadlocks = Number(row?.Value)
    printFigure('deadlocks_per_1000', (deadlocks / batches) * 1000, {
      goal: 1,
      deadlocks,
      batches,
      fired: sum(ended.map(({ stderr }) => counterOf(stderr, 'fired'))),
      consumers: EACH,
      workers: EACH,
      ingest_per_s: Math.round(MESSAGES / seconds),
    })
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** What the last line of statistics says. */
function counterOf(log: string, name: string): number {
  const found = [...log.matchAll(new RegExp(`"${name}":(\\d+)`, 'g'))].at(-1)?.[1]
  return Number(found ?? 0)
}
