import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { ChildProgram } from '../../sandbox/servers/child-program.ts'
import { recordedDay } from '../support/notifications.ts'
import { type BenchDatabase, countAfter, createBenchDatabase, drain, fillQueue, startBoth } from './drain.ts'
import { printFigure } from './figure.ts'
import { manyBodies, withOtherIds } from './ingest/messages.ts'
import { withServers } from './servers.ts'

const REPLAYED = 1_000_000
const INGESTED = 240_000
/** The recorded day reaches into the next one. */
const DAYS_APART = 2
const DAY_MS = 86_400_000
const RECORDED = /2026-11-(?:1(9)|20)/g
const LOOK_MS = 250

/**
 * Notifications per second from a file into the database, by `stv3 replay`, beside those of a consumer from a queue; and
 * the most memory of the replay.
 */
export function benchReplay(): Promise<void> {
  return withServers(async (bench) => {
    const servers = await startBoth(bench)
    const file = join(servers.folder, 'days.jsonl')
    await writeDays(file, REPLAYED)
    const database = await createBenchDatabase(servers, 'ingested')
    await fillQueue(servers.amqpUrl, manyBodies(INGESTED))
    const { seconds, consumers } = await drain(database, INGESTED, 1)
    await Promise.all(consumers.map((consumer) => consumer.stop()))
    const ingest = INGESTED / seconds
    const runs = {
      off: await replay(await createBenchDatabase(servers, 'grouped'), file, ['--pipelines', 'off']),
      on: await replay(await createBenchDatabase(servers, 'replayed'), file, []),
    }
    const ratio = (rate: number) => Number((rate / ingest).toFixed(2))
    printFigure('replay_per_s', runs.on.rate, {
      goal_of_ingest: 0.6,
      of_ingest: ratio(runs.on.rate),
      without_pipelines_per_s: Math.round(runs.off.rate),
      without_pipelines_of_ingest: ratio(runs.off.rate),
      ingest_per_s: Math.round(ingest),
      notifications: REPLAYED,
    })
    const megabytes = Math.max(runs.on.megabytes, runs.off.megabytes)
    printFigure('replay_rss_mb', megabytes, { goal: 256, notifications: REPLAYED })
  })
}

/** Writes the recorded day again and again, each time of other days and with other ids, in order of time. */
async function writeDays(file: string, count: number): Promise<void> {
  const { lines } = recordedDay()
  const output = createWriteStream(file)
  const rounds = Math.ceil(count / lines.length)
  for (let round = 0; round < rounds; round++) {
    const day = Date.now() - (rounds - round + 1) * DAYS_APART * DAY_MS
    const [first, second] = [isoDay(day), isoDay(day + DAY_MS)]
    const part = lines.slice(0, count - round * lines.length).map((line) => {
      const moved = line.replace(RECORDED, (_, digit) => (digit === '9' ? first : second))
      return `${withOtherIds(moved, round)}\n`
    })
    if (!output.write(part.join(''))) await once(output, 'drain')
  }
  output.end()
  await once(output, 'close')
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

async function replay(
  database: BenchDatabase,
  file: string,
  options: readonly string[],
): Promise<{ readonly rate: number; readonly megabytes: number }> {
  const begun = performance.now()
  const program = new ChildProgram('stv3', ['replay', file, '-c', database.config, ...options], database.env)
  let megabytes = 0
  const timer = setInterval(() => {
    megabytes = Math.max(megabytes, program.peakMemoryMb() ?? 0)
  }, LOOK_MS)
  const { code, stderr } = await program.result()
  clearInterval(timer)
  const seconds = (performance.now() - begun) / 1000
  if (code !== 0) throw new Error(`stv3 replay ended with ${code}: ${stderr}`)
  const connection = await createConnection(database.url)
  const stored = await countAfter(connection, 0)
  await connection.end()
  if (stored < REPLAYED) throw new Error(`${stored} of ${REPLAYED} events are stored`)
  return { rate: REPLAYED / seconds, megabytes }
}
