import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import { createConnection as connectMysql } from 'mysql2/promise'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import type { Archive } from '../../src/archive/archive.ts'
import { openRollingArchive } from '../../src/archive/rolling/rolling-archive.ts'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import type { Broker } from '../../src/broker/broker.ts'
import type { QueueSpec } from '../../src/broker/queue-spec.ts'
import { wallClock } from '../../src/clock/event-clock.ts'
import { createConsumerCounters } from '../../src/consumer/counters.ts'
import { prepare } from '../../src/consumer/prepare.ts'
import { QueueConsumer, type QueueConsumerOptions } from '../../src/consumer/queue-consumer.ts'
import { storeBatch } from '../../src/consumer/store-batch.ts'
import { compileDefinitions } from '../../src/distiller/definition.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { Outage } from '../../src/runtime/outage.ts'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { createTestDatabase } from '../support/databases.ts'
import { DELIVERY } from '../support/delivery.ts'
import { routerOf } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'
import { queueOnly } from '../support/queue-only.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const ALL = { limit: 1000, mark: undefined, ascending: true }

let amqpProxy: TcpProxy
let databaseProxy: TcpProxy
let broker: Broker
let store: Store
let archive: Archive
let archiveFolder: string
let spec: QueueSpec
let consumer: QueueConsumer
let databaseUrl: string
const counters = createConsumerCounters()

beforeEach(async () => {
  Object.assign(counters, createConsumerCounters())
  databaseUrl = await createTestDatabase()
  amqpProxy = await TcpProxy.start(inject('amqpUrl'))
  databaseProxy = await TcpProxy.start(databaseUrl)
  const database = await openMysqlDatabase({ url: new URL(databaseProxy.urlOf(databaseUrl)) })
  await upgradeSchema(database.db, database.dialect.types)
  store = await createSqlStore(database, { writer: 'test' })
  broker = createAmqpBroker({
    url: amqpProxy.urlOf(inject('amqpUrl')),
    logger: silentLogger,
    reconnectMs: 20,
    maxReconnectMs: 100,
  })
  archiveFolder = temporaryFolder()
  archive = await openRollingArchive({
    workingDirectory: join(archiveFolder, 'working'),
    destinationFolder: join(archiveFolder, 'done'),
    filenameTemplate: '%f.json',
    rollBytes: 1e9,
    rollMinutes: 0,
    logger: silentLogger,
  })
  spec = queueOnly(`q-${randomUUID()}`)
  consumer = createConsumer()
})

afterEach(async () => {
  amqpProxy.open()
  databaseProxy.open()
  await consumer.stop()
  await archive.close()
  await broker.close()
  await store.close()
  await amqpProxy.stop()
  await databaseProxy.stop()
})

/** What preparing messages needs. */
function parts() {
  const definitions = compileDefinitions(
    [{ event_type: 'x.*', traits: { host: { fields: 'payload.host' } } }],
    () => {},
  )
  return {
    clock: wallClock,
    logger: silentLogger,
    router: routerOf({}),
    distiller: createDistiller(definitions, { catchAll: false }),
    maxMessageBytes: 1e6,
  }
}

function createConsumer(options: Partial<QueueConsumerOptions> = {}): QueueConsumer {
  return new QueueConsumer({
    ...parts(),
    spec,
    broker,
    archive,
    store,
    counters,
    prefetch: 20,
    batchSize: 10,
    batchMs: 5,
    ...options,
  })
}

function message(n: number): string {
  return JSON.stringify({
    event_type: 'x.y',
    message_id: `m${n}`,
    timestamp: '2026-01-01T00:00:00',
    payload: { host: `h${n % 3}` },
  })
}

async function publish(...bodies: (string | Buffer)[]): Promise<void> {
  const model = await connect(inject('amqpUrl'))
  const channel = await model.createConfirmChannel()
  await channel.assertQueue(spec.queue, { durable: true })
  for (const body of bodies)
    channel.sendToQueue(spec.queue, Buffer.from(body as string), { persistent: true })
  await channel.waitForConfirms()
  await model.close()
}

const count = () => store.countEvents({}, ALL)

function archivedLines(): string[] {
  return ['working', 'done'].flatMap((name) =>
    readdirSync(join(archiveFolder, name)).flatMap((file) =>
      readFileSync(join(archiveFolder, name, file), 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    ),
  )
}

test('what is published is archived, stored, routed and acknowledged', async () => {
  const bodies = Array.from({ length: 50 }, (_, n) => message(n))
  await publish(...bodies)
  await consumer.start()
  await until('all events', async () => (await count()) === 50)
  await until('an empty queue', async () => (await broker.depth(spec.queue)) === 0)
  await consumer.stop()
  expect(archivedLines()).toEqual(bodies)
  expect((await store.listStreams({}, ALL)).reduce((sum, { eventCount }) => sum + eventCount, 0)).toBe(50)
  expect(counters).toMatchObject({ received: 50, stored: 50, duplicates: 0, deadLetters: 0 })
})

test('what cannot be understood becomes a dead letter and does not stop the rest', async () => {
  const big = JSON.stringify({
    event_type: 'x.y',
    message_id: 'big',
    payload: { pad: 'x'.repeat(1_100_000) },
  })
  await publish(message(1), 'no json', Buffer.from([255, 0]), '[]', big, message(2))
  await consumer.start()
  await until('two events', async () => (await count()) === 2)
  await until('an empty queue', async () => (await broker.depth(spec.queue)) === 0)
  await until(
    'four dead letters',
    async () =>
      (await store.listDeadLetters({}, { limit: 10, mark: undefined, ascending: false })).length === 4,
  )
  const letters = await store.listDeadLetters({}, { limit: 10, mark: undefined, ascending: false })
  expect(letters.map(({ stage }) => stage)).toEqual(['size', 'validate', 'decode', 'decode'])
  expect(letters[0]?.body).toHaveLength(65_536)
  expect(archivedLines().find((line) => line.includes('"big"'))).toBe(big)
})

test('a message that the database refuses costs only itself in a batch of 500', async () => {
  const connection = await connectMysql(databaseUrl)
  await connection.query(`create trigger refuse before insert on event for each row
    begin if new.message_id = 'm13' then signal sqlstate '45000' set message_text = 'refused'; end if; end`)
  await connection.end()
  const context = { ...parts(), encode: store.encode }
  const batch = Array.from({ length: 500 }, (_, n) =>
    prepare({ ...DELIVERY, queue: spec.queue, body: Buffer.from(message(n)) }, context),
  )
  const acknowledged: Buffer[] = []
  await storeBatch(batch, {
    ...context,
    store,
    outage: new Outage(silentLogger, 'back'),
    signal: new AbortController().signal,
    onStored: (part) => acknowledged.push(...part.map(({ delivery }) => delivery.body)),
  })
  expect(await count()).toBe(499)
  expect(acknowledged.at(-1)).toEqual(Buffer.from(message(499)))
  const letters = await store.listDeadLetters({}, { limit: 10, mark: undefined, ascending: false })
  expect(letters).toMatchObject([{ stage: 'store', reason: 'refused', queue: spec.queue }])
  expect(String(letters[0]?.body)).toBe(message(13))
})

test('connections to the broker that break lose and repeat nothing', async () => {
  await consumer.start()
  for (let round = 0; round < 5; round++) {
    const bodies = Array.from({ length: 40 }, (_, n) => message(round * 40 + n))
    await publish(...bodies)
    await delay(30)
    amqpProxy.cut()
  }
  await until('all events', async () => (await count()) === 200)
  await until('an empty queue', async () => (await broker.depth(spec.queue)) === 0)
  const ids = new Set(archivedLines().map((line) => JSON.parse(line).message_id))
  expect(ids.size).toBe(200)
  expect((await store.listStreams({}, ALL)).reduce((sum, { eventCount }) => sum + eventCount, 0)).toBe(200)
})

test('a database that is away is waited for; messages stay with the broker', async () => {
  await consumer.start()
  await publish(...Array.from({ length: 20 }, (_, n) => message(n)))
  await until('some events', async () => (await count()) > 0)
  databaseProxy.close()
  await publish(...Array.from({ length: 60 }, (_, n) => message(100 + n)))
  await delay(200)
  databaseProxy.open()
  await until('all events', async () => (await count().catch(() => 0)) === 80)
  await until('an empty queue', async () => (await broker.depth(spec.queue)) === 0)
  expect(await store.listDeadLetters({}, { limit: 10, mark: undefined, ascending: false })).toEqual([])
})

test('a queue that exists with other arguments is read as it is', async () => {
  const model = await connect(inject('amqpUrl'))
  const channel = await model.createChannel()
  await channel.assertQueue(spec.queue, { durable: true, maxPriority: 3 })
  channel.sendToQueue(spec.queue, Buffer.from(message(1)))
  await channel.close()
  await model.close()
  await consumer.start()
  await until('the event', async () => (await count()) === 1)
})

test('a queue that is deleted under the consumer is declared again', async () => {
  await consumer.start()
  await publish(message(1))
  await until('the event', async () => (await count()) === 1)
  const model = await connect(inject('amqpUrl'))
  const channel = await model.createChannel()
  await channel.deleteQueue(spec.queue)
  await model.close()
  await delay(50)
  await publish(message(2))
  await until('the next event', async () => (await count()) === 2)
})

test('a queue that is deleted while its messages are being stored does no harm', async () => {
  await consumer.start()
  for (let round = 0; round < 3; round++) {
    await publish(...Array.from({ length: 100 }, (_, n) => message(round * 100 + n)))
    const model = await connect(inject('amqpUrl'))
    const channel = await model.createChannel()
    await channel.deleteQueue(spec.queue)
    await model.close()
  }
  await delay(100)
  await publish(message(999))
  await until('the last event', async () => (await store.findEvent('m999')) !== undefined)
})

test('a database that is broken is waited for: good messages do not become dead letters', async () => {
  const connection = await connectMysql(databaseUrl)
  await connection.query('rename table stream_trait to moved_away')
  await consumer.start()
  await publish(...Array.from({ length: 30 }, (_, n) => message(n)))
  await delay(500)
  expect(await store.listDeadLetters({}, { limit: 1, mark: undefined, ascending: false })).toEqual([])
  await connection.query('rename table moved_away to stream_trait')
  await connection.end()
  await until('all events', async () => (await count()) === 30)
  expect(await store.listDeadLetters({}, { limit: 1, mark: undefined, ascending: false })).toEqual([])
})

test('stopping finishes the batch in hand and gives the rest back', async () => {
  await publish(...Array.from({ length: 400 }, (_, n) => message(n)))
  await consumer.start()
  await until('some events', () => counters.stored > 0)
  await consumer.stop()
  const left = 400 - (await count())
  expect(counters.stored).toBe(400 - left)
  await until('the rest back in the queue', async () => (await broker.depth(spec.queue)) === left)
  consumer = createConsumer()
  await consumer.start()
  await until('all events', async () => (await count()) === 400)
  expect(counters.duplicates).toBe(0)
})
