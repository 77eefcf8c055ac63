import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Rabbitmq } from '../../sandbox/servers/rabbitmq.ts'
import { type AmqpBroker, createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import { messageOf } from '../../src/domain/errors.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { queueOnly } from '../support/queue-only.ts'
import { until } from '../support/until.ts'

// Why RabbitMQ refuses or closes something is told in its own words.

let folder: string
let rabbitmq: Rabbitmq

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stacktach-words-'))
  rabbitmq = await Rabbitmq.start(folder)
})

afterAll(async () => {
  await rabbitmq.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A client of the server, and what it logs. */
function client(account = 'guest:guest', vhost = ''): { broker: AmqpBroker; said: string[] } {
  const said: string[] = []
  const note = (_: object, message: string) => void said.push(message)
  const logger = { debug() {}, info: note, warn: note, error: note, child: () => logger }
  const url = `${rabbitmq.url.replace('guest:guest', account)}/${vhost}`
  const broker = createAmqpBroker({ url, logger, reconnectMs: 20, maxReconnectMs: 100 })
  onTestFinished(() => broker.close())
  return { broker, said }
}

async function addUser(name: string, ...rights: [string, string, string]): Promise<string> {
  await rabbitmq.control('add_user', name, 'secret')
  await rabbitmq.control('set_permissions', name, ...rights)
  return `${name}:secret`
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error) => messageOf(error),
  )

test('a limit of a virtual host or of an account is not taken for another refusal', async () => {
  await rabbitmq.control('add_vhost', 'full')
  await rabbitmq.control('set_permissions', '-p', 'full', 'guest', '.*', '.*', '.*')
  await rabbitmq.control('set_vhost_limits', '-p', 'full', '{"max-connections": 0}')
  expect(await failureOf(client('guest:guest', 'full').broker.openPublisher())).toMatch(
    /refuses the connection: NOT_ALLOWED - .*vhost 'full'.*connection limit \(0\) is reached/,
  )
  const account = await addUser('limited', '.*', '.*', '.*')
  await rabbitmq.control('set_user_limits', 'limited', '{"max-channels": 0}')
  expect(await failureOf(client(account).broker.openPublisher())).toMatch(
    /cannot open a channel: .*channel.*limit/,
  )
})

test('TLS at a port without it is told in few words', async () => {
  const url = rabbitmq.url.replace('amqp:', 'amqps:')
  const broker = createAmqpBroker({ url, logger: silentLogger, reconnectMs: 20, maxReconnectMs: 100 })
  onTestFinished(() => broker.close())
  expect(await failureOf(broker.openPublisher())).toMatch(
    /^the broker at 127\.0\.0\.1:\d+ cannot be used over TLS: [a-z ]+$/,
  )
})

test('a publisher without the right to write is told so', async () => {
  const owner = await connect(rabbitmq.url)
  await (await owner.createChannel()).assertQueue('written')
  await owner.close()
  const { broker } = client(await addUser('reader', '^$', '^$', '.*'))
  const publisher = await broker.openPublisher()
  const failure = await failureOf(
    publisher.publish({ exchange: '', routingKey: 'written' }, Buffer.from('1')),
  )
  expect(failure).toMatch(
    /did not confirm a message: ACCESS_REFUSED - access to exchange .* refused for user 'reader'/,
  )
})

test('a queue that is full is told in place of a bare refusal', async () => {
  const { broker } = client()
  const publisher = await broker.openPublisher()
  const args = { 'x-max-length': 1, 'x-overflow': 'reject-publish' } as const
  await publisher.declare({ ...queueOnly('full'), arguments: args })
  const route = { exchange: '', routingKey: 'full' }
  await publisher.publish(route, Buffer.from('1'))
  const failures = await Promise.all(
    Array.from({ length: 20 }, () => failureOf(publisher.publish(route, Buffer.from('2')))),
  )
  expect(failures).toContain(
    'the broker did not confirm a message: it refused the message, as it does for a full queue',
  )
})

test('a connection that an operator closes under a publisher is told once, and once that it is back', async () => {
  const { broker, said } = client()
  const publisher = await broker.openPublisher()
  await publisher.declare(queueOnly('kept'))
  const pids = (await rabbitmq.control('list_connections', 'pid')).match(/<.*>/g) ?? []
  for (const pid of pids) await rabbitmq.control('close_connection', pid, 'maintenance at noon')
  await until('the loss to be told', () => said.length > 0)
  await until('a message to be taken', async () => {
    const failure = await failureOf(publisher.publish({ exchange: '', routingKey: 'kept' }, Buffer.from('1')))
    return failure === 'none'
  })
  expect(said).toEqual([
    expect.stringMatching(
      /^the connection to the broker at 127\..* was lost: CONNECTION_FORCED - maintenance at noon$/,
    ),
    expect.stringMatching(/^the broker at 127\.0\.0\.1:\d+ answers again$/),
  ])
})

test('a queue that cannot be read for another reason than at first is told with that reason too', async () => {
  const account = await addUser('fickle', '.*', '.*', '.*')
  const { broker, said } = client(account)
  const lost: (string | undefined)[] = []
  broker.subscribe(queueOnly('fickle'), {
    prefetch: 1,
    onDelivery() {},
    onLost: (reason) => void lost.push(reason),
  })
  await until('it to read', () => said.includes('reading queue fickle'))
  await rabbitmq.control('set_permissions', 'fickle', '.*', '.*', '^$')
  await rabbitmq.control('delete_queue', 'fickle')
  const refused =
    "cannot read queue fickle: ACCESS_REFUSED - access to queue 'fickle' in vhost '/' refused for user 'fickle'"
  await until('both reasons', () => said.includes(`${refused}; trying again until it works`))
  expect(said).toContain('queue fickle was deleted; trying again until it works')
  expect(lost.at(-1)).toBe(refused)
  await rabbitmq.control('set_permissions', 'fickle', '.*', '.*', '.*')
  await until('it to read again', () => said.includes('queue fickle is read again'))
  expect(said.filter((line) => line.includes('trying again'))).toHaveLength(2)
})
