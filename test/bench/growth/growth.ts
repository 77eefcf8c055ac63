import { setTimeout as delay } from 'node:timers/promises'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import type { BenchOptions } from '../bench-options.ts'
import { type BenchDatabase, createBenchDatabase, fillQueue, QUEUE, startBoth } from '../drain.ts'
import { printFigure } from '../figure.ts'
import { withServers } from '../servers.ts'
import { benchApi } from './api.ts'
import { fill, type Size, sizeOf } from './grown-database.ts'
import { troubledMessages } from './messages.ts'
import { Side, type TurnCounts } from './side.ts'

const MILLION = 1_000_000
/** More than is stored in all turns. */
const PARTS = 10
const NOTIFICATIONS_PER_PART = 60_000
const TURN_MS = 1000
/** Consumers of each side, one after the other: of two of the same code one can be a tenth faster than the other. */
const ROUNDS = 3
/** Turns of each until caches, logs and compiled code are as they stay. */
const WARM_UP = 6
const TURNS = 8
const QUEUE_BESIDE = 'monitor.beside'

/**
 * Ingest with many events, one of ten of which has an open stream, over ingest into a database without; then the REST
 * API there.
 */
export function benchGrowth({ events = MILLION }: BenchOptions): Promise<void> {
  const size = sizeOf(events)
  return withServers(async (bench) => {
    const servers = await startBoth(bench)
    const grown = await createBenchDatabase(servers, 'grown')
    const facts = await fill(grown.url, size)
    const beside = { ...servers, serverUrl: await bench.startMariadb() }
    const empty = await createBenchDatabase(beside, 'empty', [[new RegExp(QUEUE, 'g'), QUEUE_BESIDE]])
    const rates = await measureInTurns(servers.amqpUrl, empty, grown, size)
    const details = { rounds: ROUNDS, turns: TURNS, turn_ms: TURN_MS }
    printFigure('ingest_at_0', rates.empty, details)
    printFigure(events === MILLION ? 'ingest_at_1m' : `ingest_at_${events}`, rates.grown, {
      goal_of_empty: 0.9,
      of_empty: Number((rates.grown / rates.empty).toFixed(2)),
      ...details,
      ...facts,
    })
    await writeOut(grown.url)
    await benchApi(grown, size)
  })
}

/**
 * Events per second into each, in short turns: the speed of a machine changes from one minute to the next. Each has a
 * server of its own, since databases of one server drive each other out of its memory.
 */
async function measureInTurns(
  amqpUrl: string,
  empty: BenchDatabase,
  grown: BenchDatabase,
  size: Size,
): Promise<{ readonly empty: number; readonly grown: number }> {
  for (let part = 0; part < PARTS; part++) {
    const messages = troubledMessages(NOTIFICATIONS_PER_PART, part, size)
    await fillQueue(amqpUrl, messages, QUEUE_BESIDE)
    await fillQueue(amqpUrl, messages, QUEUE)
  }
  await writeOut(grown.url)
  const measured: TurnPair[] = []
  for (let round = 0; round < ROUNDS; round++) measured.push(...(await runRound(empty, grown)))
  return {
    empty: rateOf(measured.map((turn) => turn.empty)),
    grown: rateOf(measured.map((turn) => turn.grown)),
  }
}

type TurnPair = { readonly empty: TurnCounts; readonly grown: TurnCounts }

/** The turns of one consumer of each side, without the first. */
async function runRound(empty: BenchDatabase, grown: BenchDatabase): Promise<TurnPair[]> {
  const sides = { empty: await Side.start(empty), grown: await Side.start(grown) }
  const pairs: TurnPair[] = []
  try {
    for (let turn = 0; turn < WARM_UP + TURNS; turn++) {
      pairs.push({ empty: await sides.empty.turn(TURN_MS), grown: await sides.grown.turn(TURN_MS) })
    }
  } finally {
    await Promise.all([sides.empty.stop(), sides.grown.stop()])
  }
  return pairs.slice(WARM_UP)
}

function rateOf(turns: readonly TurnCounts[]): number {
  const events = turns.reduce((sum, turn) => sum + turn.events, 0)
  return events / turns.reduce((sum, turn) => sum + turn.seconds, 0)
}

/** Changed pages of a server that has nothing left to write. */
const FEW_PAGES = 200
const LONGEST_WRITING_MS = 120_000

/** Lets the server write to disk now what ingest at full speed left in its memory; its settings stay what they were. */
async function writeOut(url: string): Promise<void> {
  const connection = await createConnection(url)
  const set = async (settings: { readonly [name: string]: string | number }) => {
    for (const [name, value] of Object.entries(settings))
      await connection.query(`set global ${name} = ${value}`)
  }
  await set({ innodb_io_capacity_max: 20_000, innodb_io_capacity: 20_000, innodb_max_dirty_pages_pct: 0 })
  const until = performance.now() + LONGEST_WRITING_MS
  for (let pages = Number.POSITIVE_INFINITY; pages > FEW_PAGES && performance.now() < until; ) {
    await delay(100)
    const [rows] = await connection.query<RowDataPacket[]>(
      "show status like 'innodb_buffer_pool_pages_dirty'",
    )
    pages = Number(rows[0]?.Value)
  }
  await set({
    innodb_max_dirty_pages_pct: 'default',
    innodb_io_capacity: 'default',
    innodb_io_capacity_max: 'default',
  })
  await connection.end()
}
