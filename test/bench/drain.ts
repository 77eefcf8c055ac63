import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { ChildProgram, runProgram } from '../../sandbox/servers/child-program.ts'
import { createMysqlDatabase } from '../../sandbox/servers/mysql-store.ts'
import { copyConfig } from '../support/copy-config.ts'
import type { BenchServers } from './servers.ts'

const SHIPPED = resolve(import.meta.dirname, '../../config/yagi.conf')
/** Streams of the shipped triggers fire a minute after their criteria are met; these do at once. */
export const WITHOUT_DELAY = [[/fire_delay: 60/g, 'fire_delay: 0']] as const

/** The queue that the shipped configuration reads. */
export const QUEUE = 'monitor.info'

/** Servers that run, and a folder for what they and the programs write. */
export type Servers = { readonly amqpUrl: string; readonly serverUrl: string; readonly folder: string }

export async function startBoth({ folder, startRabbitmq, startMariadb }: BenchServers): Promise<Servers> {
  return { amqpUrl: await startRabbitmq(), serverUrl: await startMariadb(), folder }
}

/** A database with our tables, and what programs need to know to use it. */
export type BenchDatabase = {
  readonly url: string
  readonly env: NodeJS.ProcessEnv
  /** yagi.conf */
  readonly config: string
  /** for archives */
  readonly folder: string
}

export async function createBenchDatabase(
  { amqpUrl, serverUrl, folder }: Servers,
  name: string,
  changes: readonly (readonly [RegExp, string])[] = [],
): Promise<BenchDatabase> {
  const url = await createMysqlDatabase(serverUrl, name)
  const work = join(folder, name)
  mkdirSync(work)
  const env = {
    STACKTACH_AMQP_URL: amqpUrl,
    STACKTACH_DATABASE_URL: url,
    STACKTACH_ARCHIVE: work,
    STACKTACH_LOG_LEVEL: 'info',
  }
  const config = changes.length > 0 ? copyConfig(work, changes) : SHIPPED
  const upgrade = await runProgram('stv3', ['db', 'upgrade', '-c', config], env)
  if (upgrade.code !== 0) throw new Error(upgrade.stderr)
  return { url, env, config, folder: work }
}

/** One of our daemons, running. */
export async function startDaemon(
  command: 'consume' | 'work',
  { config, env }: BenchDatabase,
  says: string,
): Promise<ChildProgram> {
  const program = new ChildProgram('stv3', [command, '-c', config], env)
  while (!program.stderr.includes(says)) {
    if (!program.isRunning) throw new Error(`${command}: ${program.stderr}`)
    await delay(5)
  }
  return program
}

/** Declares the queue and puts messages into it, confirmed by the broker. */
export async function fillQueue(amqpUrl: string, bodies: readonly Buffer[], queue = QUEUE): Promise<void> {
  const model = await connect(amqpUrl)
  const channel = await model.createConfirmChannel()
  await channel.assertExchange('monitor', 'topic', { durable: true })
  await channel.assertQueue(queue, { durable: true })
  await channel.bindQueue(queue, 'monitor', queue)
  for (const [index, body] of bodies.entries()) {
    channel.publish('', queue, body, { persistent: true })
    if (index % 1000 === 999) await channel.waitForConfirms()
  }
  await channel.waitForConfirms()
  await model.close()
}

export type Drained = { readonly seconds: number; readonly consumers: readonly ChildProgram[] }

/** Lets consumers read until so many new events are stored; answers the seconds from the first that reads. */
export async function drain(database: BenchDatabase, events: number, count: number): Promise<Drained> {
  const connection = await createConnection(database.url)
  const before = await newestId(connection)
  const starting = Array.from({ length: count }, () => startDaemon('consume', database, 'reading queue'))
  await Promise.race(starting)
  const begun = performance.now()
  while ((await newestId(connection)) < before + events) await delay(20)
  let ended = performance.now()
  // Ids run ahead of the count by few; counting reads all of them and is no part of what is measured.
  while ((await countAfter(connection, before)) < events) {
    await delay(20)
    ended = performance.now()
  }
  await connection.end()
  return { seconds: (ended - begun) / 1000, consumers: await Promise.all(starting) }
}

export async function newestId(connection: Connection): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>('select max(id) as id from event')
  return Number(row?.id ?? 0)
}

export async function countAfter(connection: Connection, id: number): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    'select count(*) as count from event where id > ?',
    [id],
  )
  return Number(row?.count)
}
