import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { connect } from 'amqplib'
import { expect, inject, onTestFinished, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { createTestDatabase } from '../support/databases.ts'
import { temporaryFolder } from '../support/folders.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'

/** Writes a starter configuration. Returns the path of its yagi.conf. */
async function starter(service: string): Promise<string> {
  const folder = join(temporaryFolder(), 'etc')
  expect(await runProgram('stv3', ['init', folder, '--service', service])).toMatchObject({ code: 0 })
  return join(folder, 'yagi.conf')
}

/** Replaces texts of a file. */
function change(file: string, changes: readonly (readonly [string, string])[]): void {
  const text = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    changes.reduce((changed, [from, to]) => changed.replace(from, to), text),
  )
}

test('what init writes for any service runs on real servers, from a message to a stream', async () => {
  const config = await starter('plain')
  // Names and ports are of the starter, servers and machine are of all tests.
  const name = `init-${randomUUID()}`
  change(config, [
    ['exchange = events', `exchange = ${name}`],
    ['queues = stacktach', `queues = ${name}`],
    [':stacktach]', `:${name}]`],
  ])
  const ports = `{consumer: '127.0.0.1:${await freePort()}', worker: '127.0.0.1:${await freePort()}'}`
  change(join(dirname(config), 'winchester.yaml'), [['127.0.0.1:9101-9109', ports]])
  const env = {
    STACKTACH_AMQP_URL: inject('amqpUrl'),
    STACKTACH_DATABASE_URL: await createTestDatabase(),
    STACKTACH_DATA: temporaryFolder(),
  }
  expect(await runProgram('stv3', ['db', 'upgrade', '-c', config], env)).toMatchObject({ code: 0 })
  const consumer = startProgram(['consume', '-c', config], 'stv3', env)
  const worker = startProgram(['work', '-c', config], 'stv3', env)
  await until('the queue is read', () => consumer.stderr.includes('"reading queue'))
  const model = await connect(inject('amqpUrl'))
  onTestFinished(() => model.close())
  const channel = await model.createConfirmChannel()
  onTestFinished(async () => {
    await channel.deleteQueue(name)
    await channel.deleteExchange(name)
  })
  for (const type of ['placed', 'paid', 'shipped']) {
    const message = { event_type: `order.${type}`, message_id: type, order: { id: 'A-1' } }
    const body = JSON.stringify({ ...message, timestamp: new Date().toISOString() })
    channel.publish(name, message.event_type, Buffer.from(body))
  }
  await channel.waitForConfirms()
  const status = async () =>
    JSON.parse((await runProgram('stv3', ['status', '-c', config, '--json'], env)).stdout)
  await until('the stream has fired', async () => (await status()).databases[0].streams?.completed === 1)
  expect((await status()).problems).toEqual([])
  expect(await consumer.stop()).toMatchObject({ code: 0 })
  expect(await worker.stop()).toMatchObject({ code: 0 })
})

test('what init writes for Nova runs by itself in one process', async () => {
  const config = await starter('nova')
  const listen = `127.0.0.1:${await freePort()}`
  const up = startProgram(['up', '-c', config, '--data', temporaryFolder(), '--listen', listen])
  await until('it runs', () => up.stdout.includes('StackTach is running'))
  await until('a stream is there', async () => {
    const answer = await fetch(`http://${listen}/v1/streams?limit=1`)
    return ((await answer.json()) as unknown[]).length > 0
  })
  expect(await up.stop('SIGINT')).toMatchObject({ code: 0 })
})
