import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { ChildProgram, runProgram } from '../../../sandbox/servers/child-program.ts'
import { createMysqlDatabase } from '../../../sandbox/servers/mysql-store.ts'
import { median, printFigure } from '../figure.ts'
import { withServers } from '../servers.ts'
import { runFloor } from './floor.ts'
import { prepareFloor } from './floor-batches.ts'
import { manyBodies } from './messages.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config/yagi.conf')
const QUEUE = 'monitor.info'
const MESSAGES = 120_000
const BATCH = 500
const ROUNDS = 3

type Servers = { readonly amqpUrl: string; readonly serverUrl: string; readonly folder: string }

/** Notifications per second from a queue into the database, by consumers and by the floor, one after the other. */
export function benchIngest(): Promise<void> {
  return withServers(async ({ folder, startRabbitmq, startMariadb }) => {
    const servers = { amqpUrl: await startRabbitmq(), serverUrl: await startMariadb(), folder }
    const bodies = manyBodies(MESSAGES)
    const batches = await prepareFloor(bodies, BATCH)
    const rates: { [name in 'floor' | 'one' | 'two']: number[] } = { floor: [], one: [], two: [] }
    for (let round = 0; round < ROUNDS; round++) {
      rates.floor.push(
        await inTurn(servers, bodies, `floor_${round}`, (databaseUrl, work) =>
          runFloor(batches, { ...servers, databaseUrl, queue: QUEUE, folder: work, batchSize: BATCH }),
        ),
      )
      rates.one.push(await inTurn(servers, bodies, `one_${round}`, consumers(servers, 1)))
      rates.two.push(await inTurn(servers, bodies, `two_${round}`, consumers(servers, 2)))
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
  { amqpUrl, serverUrl, folder }: Servers,
  bodies: readonly Buffer[],
  name: string,
  drain: (databaseUrl: string, folder: string) => Promise<number>,
): Promise<number> {
  const databaseUrl = await createMysqlDatabase(serverUrl, name)
  const work = join(folder, name)
  mkdirSync(work)
  const upgrade = await runProgram('stv3', ['db', 'upgrade', '-c', CONFIG], {
    STACKTACH_AMQP_URL: amqpUrl,
    STACKTACH_DATABASE_URL: databaseUrl,
    STACKTACH_ARCHIVE: work,
  })
  if (upgrade.code !== 0) throw new Error(upgrade.stderr)
  await fill(amqpUrl, bodies)
  const seconds = await drain(databaseUrl, work)
  const stored = await countEvents(databaseUrl)
  if (stored !== bodies.length) throw new Error(`${name}: ${stored} of ${bodies.length} events are stored`)
  return bodies.length / seconds
}

async function fill(amqpUrl: string, bodies: readonly Buffer[]): Promise<void> {
  const model = await connect(amqpUrl)
  const channel = await model.createConfirmChannel()
  await channel.assertExchange('monitor', 'topic', { durable: true })
  await channel.assertQueue(QUEUE, { durable: true })
  await channel.bindQueue(QUEUE, 'monitor', QUEUE)
  for (const [index, body] of bodies.entries()) {
    channel.publish('', QUEUE, body, { persistent: true })
    if (index % 1000 === 999) await channel.waitForConfirms()
  }
  await channel.waitForConfirms()
  await model.close()
}

/** Starts consumers one by one, and the watch when the first of them reads. */
function consumers({ amqpUrl }: Servers, count: number) {
  return async (databaseUrl: string, folder: string): Promise<number> => {
    const env = {
      STACKTACH_AMQP_URL: amqpUrl,
      STACKTACH_DATABASE_URL: databaseUrl,
      STACKTACH_ARCHIVE: folder,
      STACKTACH_LOG_LEVEL: 'info',
    }
    const database = await createConnection(databaseUrl)
    const programs = Array.from(
      { length: count },
      () => new ChildProgram('stv3', ['consume', '-c', CONFIG], env),
    )
    while (!programs.some(({ stderr }) => stderr.includes('reading queue'))) await delay(5)
    const begun = performance.now()
    for (;;) {
      const [[row]] = await database.query<RowDataPacket[]>('select max(id) as id from event')
      if (Number(row?.id) >= MESSAGES && (await countEvents(databaseUrl)) >= MESSAGES) break
      await delay(20)
    }
    const seconds = (performance.now() - begun) / 1000
    await database.end()
    await Promise.all(programs.map((program) => program.stop()))
    return seconds
  }
}

async function countEvents(databaseUrl: string): Promise<number> {
  const database = await createConnection(databaseUrl)
  const [[row]] = await database.query<RowDataPacket[]>('select count(*) as count from event')
  await database.end()
  return Number(row?.count)
}
