import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect, inject, onTestFinished, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { copyConfig } from '../support/copy-config.ts'
import { createTestDatabase } from '../support/databases.ts'
import { temporaryFolder } from '../support/folders.ts'
import { deleteQueue } from '../support/servers/deploy.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'

const MB = 1_000_000
/**
 * RabbitMQ 3 takes up to 128 MiB, of which the built package has room for 127 MB. A checkout, which compiles its
 * sources as it loads them, needs some 25 MB more. The largest body that is decoded has 16 MiB (`max_message_mb`).
 */
const [HUGE, LARGE] = [100 * MB, 15 * MB]

const notification = (id: string, payload = {}) =>
  Buffer.from(
    JSON.stringify({
      message_id: id,
      event_type: 'compute.instance.exists',
      timestamp: '2026-01-01 00:00:00',
      publisher_id: 'compute.h1',
      payload: { instance_id: id, tenant_id: 't1', ...payload },
    }),
  )

/** Publishes bodies of one kind after another, so that few of them are in the memory of the test. */
const BODIES: readonly {
  readonly name: string
  readonly count: number
  readonly body: (id: string) => Buffer
}[] = [
  { name: 'binary', count: 1, body: () => Buffer.alloc(HUGE, 0x80) },
  { name: 'huge', count: 1, body: (id) => notification(id, { text: 'x'.repeat(HUGE) }) },
  { name: 'field', count: 4, body: (id) => notification(id, { text: 'x'.repeat(LARGE) }) },
  { name: 'trait', count: 4, body: (id) => notification(id, { tenant_id: 'x'.repeat(LARGE) }) },
  { name: 'wide', count: 4, body: (id) => notification(id, { tenant_id: '€'.repeat(LARGE / 3) }) },
  { name: 'list', count: 4, body: (id) => Buffer.from(`[${'{},'.repeat(LARGE / 3)}"${id}"]`) },
  { name: 'small', count: 200, body: (id) => notification(id) },
]

test('a consumer takes bodies of every size in 256 MB, and loses none', async () => {
  const [folder, queue, databaseUrl] = [
    temporaryFolder(),
    `memory-${randomUUID()}`,
    await createTestDatabase(),
  ]
  const config = copyConfig(folder, [
    [/monitor\.info/g, queue],
    // The archive has 300 MB to write to the disk at the end.
    [/shutdown_timeout_s: \d+/g, 'shutdown_timeout_s: 600'],
  ])
  const env = {
    STACKTACH_AMQP_URL: inject('amqpUrl'),
    STACKTACH_DATABASE_URL: databaseUrl,
    STACKTACH_ARCHIVE: join(folder, 'archive'),
    STACKTACH_LOG_LEVEL: 'info',
    NODE_OPTIONS: '--max-old-space-size=1024',
  }
  expect(await runProgram('stv3', ['db', 'upgrade', '-c', config], env)).toMatchObject({ code: 0 })
  const model = await connect(inject('amqpUrl'))
  const channel = await model.createConfirmChannel()
  await channel.assertQueue(queue, { durable: true })
  onTestFinished(() => deleteQueue(queue))
  for (const { name, count, body } of BODIES) {
    for (let index = 0; index < count; index++) {
      channel.publish('', queue, body(`${name}-${index}`), { persistent: true })
      await channel.waitForConfirms()
    }
  }
  await model.close()

  const consumer = startProgram(['consume', '-c', config], 'stv3', env)
  const database = await createConnection(databaseUrl)
  onTestFinished(() => database.end())
  const counts = async () => {
    const [[row]] = await database.query<RowDataPacket[]>(
      'select (select count(*) from event) as events, (select count(*) from dead_letter) as dead_letters',
    )
    return row
  }
  await until(
    'everything to be stored',
    async () => {
      const { events, dead_letters } = (await counts()) as RowDataPacket
      return events + dead_letters >= 218 || !consumer.isRunning
    },
    600_000,
  )
  const peak = consumer.peakMemoryMb()
  expect(await counts()).toEqual({ events: 212, dead_letters: 6 })
  expect(peak).toBeLessThanOrEqual(256)
  expect(await consumer.stop('SIGTERM')).toMatchObject({ code: 0 })
}, 900_000)
