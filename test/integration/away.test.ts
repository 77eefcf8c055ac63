import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { ArchiveRecord } from '../../src/archive/archive.ts'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import { wallClock } from '../../src/clock/event-clock.ts'
import type { AppMessage } from '../../src/consumer/apps/app.ts'
import { createConsumerCounters } from '../../src/consumer/counters.ts'
import { QueueConsumer, type QueueConsumerOptions } from '../../src/consumer/queue-consumer.ts'
import { compileDefinitions } from '../../src/distiller/definition.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import { TransientError } from '../../src/domain/errors.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { createTestDatabase } from '../support/databases.ts'
import { routerOf } from '../support/events.ts'
import { queueOnly } from '../support/queue-only.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const MESSAGES = 300
const IDS = Array.from({ length: MESSAGES }, (_, n) => `m${n}`)

/** More than two times given back, and the broker drops it. */
const QUEUE_ARGUMENTS = { 'x-queue-type': 'quorum', 'x-delivery-limit': 2 }

async function createQueue(): Promise<string> {
  const queue = `q-${randomUUID()}`
  const model = await connect(inject('amqpUrl'))
  const channel = await model.createChannel()
  await channel.assertQueue(queue, { durable: true, arguments: QUEUE_ARGUMENTS })
  await model.close()
  return queue
}

/** A consumer of a quorum queue that forgives nothing, with each side in the hands of the test. */
async function setUp() {
  const queue = await createQueue()
  const databaseUrl = await createTestDatabase()
  const amqpProxy = await TcpProxy.start(inject('amqpUrl'))
  const databaseProxy = await TcpProxy.start(databaseUrl)
  const database = await openMysqlDatabase({ url: new URL(databaseProxy.urlOf(databaseUrl)) })
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database, { writer: 'test' })
  const retries = { logger: silentLogger, reconnectMs: 20, maxReconnectMs: 100 }
  const broker = createAmqpBroker({ ...retries, url: amqpProxy.urlOf(inject('amqpUrl')) })
  const direct = createAmqpBroker({ ...retries, url: inject('amqpUrl') })
  const away = { archive: false, app: false }
  const archived: string[] = []
  const given: string[] = []
  const options: QueueConsumerOptions = {
    spec: { ...queueOnly(queue), passive: true },
    broker,
    store,
    archive: {
      async append(records: readonly ArchiveRecord[]) {
        if (away.archive) throw new TransientError('the disk is full')
        archived.push(...records.map(({ body }) => JSON.parse(String(body)).message_id as string))
      },
      async close() {},
    },
    apps: [
      {
        name: 'required',
        accepts: () => true,
        app: {
          async handleMessages(messages: readonly AppMessage[]) {
            if (away.app) throw new TransientError('nobody there')
            given.push(...messages.map(({ messageId }) => messageId))
            return messages.map(() => undefined)
          },
        },
      },
    ],
    plan: { hasArchive: true, archives: () => true, stores: () => true, keepsMessages: true },
    counters: createConsumerCounters(),
    clock: wallClock,
    logger: silentLogger,
    router: routerOf({}),
    distiller: createDistiller(
      compileDefinitions([{ event_type: 'x.*', traits: {} }], () => {}),
      {
        catchAll: false,
      },
    ),
    maxMessageBytes: 1e6,
    prefetch: 90,
    batchSize: 30,
    batchMs: 5,
  }
  const consumer = new QueueConsumer(options)
  const publish = async () => {
    const publisher = await direct.openPublisher()
    for (const message_id of IDS) {
      const body = Buffer.from(JSON.stringify({ event_type: 'x.y', message_id, timestamp: '2026-01-01' }))
      await publisher.publish({ exchange: '', routingKey: queue }, body)
    }
    await publisher.close()
  }
  onTestFinished(async () => {
    databaseProxy.open()
    await consumer.stop()
    await Promise.all([broker.close(), direct.close()])
    await store.close()
    await amqpProxy.stop()
    await databaseProxy.stop()
  })
  return { consumer, publish, away, archived, given, store, amqpProxy, databaseProxy, direct, queue }
}

type World = Awaited<ReturnType<typeof setUp>>

function setAway({ away }: World, side: 'archive' | 'app', isAway: boolean): void {
  away[side] = isAway
}

const SIDES: readonly [string, { leave: (world: World) => void; comeBack: (world: World) => void }][] = [
  [
    'the database',
    {
      leave: ({ databaseProxy }) => databaseProxy.close(),
      comeBack: ({ databaseProxy }) => databaseProxy.open(),
    },
  ],
  [
    'the archive',
    {
      leave: (world) => setAway(world, 'archive', true),
      comeBack: (world) => setAway(world, 'archive', false),
    },
  ],
  [
    'a required app',
    { leave: (world) => setAway(world, 'app', true), comeBack: (world) => setAway(world, 'app', false) },
  ],
]

test.each(SIDES)(
  'while %s is away the queue is given back once and not read',
  async (_, { leave, comeBack }) => {
    const world = await setUp()
    const { consumer, archived, given, store, amqpProxy, direct, queue } = world
    await consumer.start()
    await until('reading', () => consumer.isReading)
    leave(world)
    await world.publish()
    await until('all of them to be given back', async () => (await direct.depth(queue)) === MESSAGES)
    // Neither would cost a message what it may cost once: nobody holds any.
    for (let time = 0; time < 4; time++) {
      amqpProxy.cut()
      await delay(200)
    }
    expect(consumer.isReading).toBe(false)
    comeBack(world)
    await until(
      'all events',
      async () =>
        (await store.countEvents({}, { limit: 1000, mark: undefined, ascending: true })) === MESSAGES,
    )
    await until('an empty queue', async () => (await direct.depth(queue)) === 0)
    expect(consumer.isReading).toBe(true)
    expect([archived.toSorted(), given.toSorted()]).toEqual([IDS.toSorted(), IDS.toSorted()])
  },
)

test('a channel that is lost while a side is away is not opened again before it is back', async () => {
  const world = await setUp()
  const { consumer, amqpProxy, direct, queue, away, archived } = world
  away.app = true
  await consumer.start()
  await world.publish()
  await until('some to be archived', () => archived.length > 0)
  amqpProxy.cut()
  await until('all of them to be given back', async () => (await direct.depth(queue)) === MESSAGES)
  for (let time = 0; time < 4; time++) {
    amqpProxy.cut()
    await delay(200)
  }
  away.app = false
  await until('an empty queue', async () => consumer.isReading && (await direct.depth(queue)) === 0)
  await until('all of them in the archive', () => archived.length >= MESSAGES)
  expect(archived.toSorted()).toEqual(IDS.toSorted())
})
