import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { createMysqlStore } from '../../sandbox/servers/mysql-store.ts'
import { Rabbitmq } from '../../sandbox/servers/rabbitmq.ts'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { createTestDatabase } from '../support/databases.ts'
import { folderWith, temporaryFolder } from '../support/folders.ts'
import { queueOnly } from '../support/queue-only.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { yagiOf } from '../support/yagi-of.ts'

// RabbitMQ takes a message back that is not acknowledged in time, and each time counts as a delivery.

/** Long enough for a busy machine to give back in time what it cannot store. */
const TIMEOUT_MS = 15_000
const MESSAGES = 5
const RETRIES = { reconnectMs: 20, maxReconnectMs: 100 }

/** One that has in seconds what takes hours elsewhere. */
async function startHasty(): Promise<Rabbitmq> {
  const rabbitmq = await Rabbitmq.start(temporaryFolder())
  onTestFinished(() => rabbitmq.stop())
  for (const [name, ms] of [
    ['consumer_timeout', TIMEOUT_MS],
    ['channel_tick_interval', 500],
  ])
    await rabbitmq.control('eval', `application:set_env(rabbit, ${name}, ${ms}).`)
  return rabbitmq
}

async function isThere(broker: Broker): Promise<boolean> {
  return (await broker.depth('q').catch(() => undefined)) !== undefined
}

test('a database that is away for many time-outs costs a queue with the lowest of delivery limits no message', async () => {
  const rabbitmq = await startHasty()
  const databaseUrl = await createTestDatabase()
  const database = await TcpProxy.start(databaseUrl)
  onTestFinished(() => database.stop())
  const folder = folderWith({
    'yagi.conf': yagiOf(rabbitmq.url, 'q', [
      'exchange = e',
      'queue_type = quorum',
      'queue_arguments = x-delivery-limit: 1',
    ]),
    'winchester.yaml': `
database: {url: '${database.urlOf(databaseUrl)}'}
trigger_definitions: triggers.yaml
pipeline_config: pipelines.yaml
catch_all_notifications: true
`,
    'triggers.yaml': '[]\n',
    'pipelines.yaml': '{}\n',
  })
  const config = join(folder, 'yagi.conf')
  expect(await runProgram('stv3', ['db', 'upgrade', '-c', config])).toMatchObject({ code: 0 })
  const first = startProgram(['consume', '-c', config])
  const broker = createAmqpBroker({ url: rabbitmq.url, logger: silentLogger, ...RETRIES })
  onTestFinished(() => broker.close())
  await until('the queue', () => isThere(broker))
  await delay(500)
  database.close()
  const publisher = await broker.openPublisher()
  for (let n = 0; n < MESSAGES; n++) {
    const body = { event_type: 'x.y', message_id: `m${n}`, timestamp: '2026-01-01', payload: {} }
    await publisher.publish({ exchange: '', routingKey: 'q' }, Buffer.from(JSON.stringify(body)))
  }
  const depth = () => broker.depth('q')
  await until('all of them to be given back', async () => (await depth()) === MESSAGES)
  await delay(2 * TIMEOUT_MS)
  expect(await depth()).toBe(MESSAGES)
  await first.stop('SIGKILL')
  expect(first.stderr).not.toContain('channel')
  database.open()
  const second = startProgram(['consume', '-c', config])
  const store = await createMysqlStore(databaseUrl)
  onTestFinished(() => store.close())
  const page = { limit: 10, mark: undefined, ascending: true }
  await until('all events', async () => (await store.countEvents({}, page)) === MESSAGES)
  expect(await store.countDeadLetters({})).toBe(0)
  expect((await second.stop()).code).toBe(0)
  expect(await depth()).toBe(0)
})

test('a time-out is told in the broker’s words', async () => {
  const rabbitmq = await startHasty()
  const said: string[] = []
  const note = (_: object, message: string) => void said.push(message)
  const logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const broker = createAmqpBroker({ url: rabbitmq.url, logger, ...RETRIES })
  onTestFinished(() => broker.close())
  broker.subscribe(queueOnly('q'), { prefetch: 10, onDelivery() {}, onLost() {} })
  const publisher = await broker.openPublisher()
  await until('the queue', () => isThere(broker))
  await publisher.publish({ exchange: '', routingKey: 'q' }, Buffer.from('m'))
  await until('the time-out', () => said.length > 0)
  expect(said[0]).toMatch(/PRECONDITION_FAILED - delivery acknowledgement on channel \d+ timed out/)
})
