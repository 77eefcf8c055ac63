import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { expect, onTestFinished, test } from 'vitest'
import { type ChildProgram, runProgram } from '../../sandbox/servers/child-program.ts'
import { Rabbitmq } from '../../sandbox/servers/rabbitmq.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { PublisherPool } from '../../src/assembly/publisher-pool.ts'
import { createHandlerContext } from '../../src/pipeline/handlers/handler-context.ts'
import { NotabeneHandler } from '../../src/pipeline/handlers/notabene-handler.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { folderWith, temporaryFolder } from '../support/folders.ts'
import { handlerOf } from '../support/handlers.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'
import { yagiOf } from '../support/yagi-of.ts'

// A RabbitMQ that is short of memory reads nothing from who publishes, and answers them nothing.

const SAID = /the broker at 127\.0\.0\.1:\d+ takes no messages: low on memory; waiting/

async function start(): Promise<Rabbitmq> {
  const rabbitmq = await Rabbitmq.start(temporaryFolder())
  onTestFinished(() => rabbitmq.stop())
  return rabbitmq
}

async function alarmed(): Promise<Rabbitmq> {
  const rabbitmq = await start()
  await rabbitmq.control('set_vm_memory_high_watermark', '0.00001')
  await until('the alarm is on', async () =>
    (await rabbitmq.control('eval', 'rabbit_alarm:get_alarms().')).includes('memory'),
  )
  return rabbitmq
}

function configOf(rabbitmq: Rabbitmq, status = ''): string {
  const folder = folderWith({
    'yagi.conf': yagiOf(rabbitmq.url, 'alarmed', ['exchange = alarmed']),
    'winchester.yaml': `
database: {url: 'sqlite:events.db'}
trigger_definitions: triggers.yaml
pipeline_config: pipelines.yaml
pipeline_handlers: {mk: './mk.js:Mk'}
${status}`,
    'triggers.yaml': `
- name: t
  distinguished_by: [host]
  match_criteria: [{event_type: x.*}]
  fire_criteria: [{event_type: x.end}]
  expiration: $last + 1d
  fire_pipeline: p
`,
    'pipelines.yaml': `p: [mk, {name: notabene, params: {url: "${rabbitmq.url}", exchange: out, queue_name: out, env_keys: [out]}}]\n`,
    'mk.js':
      'export class Mk { handleEvents(events, env) { env.out = [{ message_id: "o" }]; return events } commit() {} rollback() {} }',
  })
  chmodSync(join(folder, 'pipelines.yaml'), 0o600)
  return folder
}

/** Waits until it says why it waits, then ends it with one signal. */
async function endedByOneSignal(program: ChildProgram) {
  await until('it says why it waits', () => SAID.test(program.stderr))
  return program.stop('SIGTERM')
}

test('publish and generate say why they wait, and one signal ends them', async () => {
  const folder = configOf(await alarmed())
  const config = join(folder, 'yagi.conf')
  writeFileSync(
    join(folder, 'one.jsonl'),
    '{"event_type": "x", "message_id": "a", "timestamp": "2026-01-01"}\n',
  )
  const publishing = startProgram(['publish', join(folder, 'one.jsonl'), '-c', config])
  expect((await endedByOneSignal(publishing)).code).toBe(1)
  expect(publishing.stderr).toContain('stopped after publishing 0 notifications of')
  const generating = startProgram(['generate', '--duration', '1h', '--to', 'amqp', '-c', config])
  expect((await endedByOneSignal(generating)).code).toBe(1)
  expect(generating.stderr).toContain('0 notifications were published')
  expect(generating.stderr).not.toContain('did not confirm')
  const hasty = startProgram(['publish', join(folder, 'one.jsonl'), '-c', config])
  await until('it says why it waits', () => SAID.test(hasty.stderr))
  hasty.send('SIGINT')
  hasty.send('SIGTERM')
  expect((await hasty.result()).code).toBe(1)
  expect(hasty.stderr).toMatch(/ended by a second signal \(SIG(INT|TERM)\); what was in hand is not finished/)
})

const TIME = '2026-01-01T00:00:00'

test('a worker whose notabene waits says so once, in /readyz too, and one signal ends it with 0', async () => {
  const port = await freePort()
  const folder = configOf(await alarmed(), `status: {worker: '127.0.0.1:${port}'}\n`)
  const config = join(folder, 'winchester.yaml')
  const hosts = ['a', 'b', 'c'].map((host, index) => ({
    id: index + 1,
    host: { host: { type: 'text', value: host } },
  }))
  const db = {
    event_types: ['x.end'],
    events: hosts.map(({ id, host }) => ({
      id,
      message_id: `m${id}`,
      event_type: 'x.end',
      timestamp: TIME,
      traits: host,
    })),
    streams: hosts.map(({ id, host }) => ({
      id,
      name: 't',
      state: 'active',
      first_event: TIME,
      last_event: TIME,
      fire_timestamp: TIME,
      expire_timestamp: '2126-01-01T00:00:00',
      distinguishing_traits: host,
      events: [`m${id}`],
    })),
  }
  writeFileSync(join(folder, 'db.json'), JSON.stringify(db))
  expect(await runProgram('stv3', ['db', 'import', join(folder, 'db.json'), '-c', config])).toMatchObject({
    code: 0,
  })
  const working = startProgram(['work', '-c', config])
  await until('it says why it waits', () => SAID.test(working.stderr))
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`)
  expect(ready.status).toBe(200)
  expect(await ready.text()).toMatch(
    /^ok\nthe broker at 127\.0\.0\.1:\d+ takes no messages: low on memory\n$/,
  )
  const { code, stderr } = await endedByOneSignal(working)
  const warnings = stderr.split('\n').filter((line) => /"level":"?(warn|40|error|50)/.test(line))
  expect(warnings.map((line) => JSON.parse(line).msg)).toEqual([expect.stringMatching(SAID)])
  expect(code).toBe(0)
})

test('an account that may configure nothing publishes to what is there', async () => {
  const rabbitmq = await start()
  const connection = await connect(rabbitmq.url)
  const channel = await connection.createChannel()
  await channel.assertExchange('out', 'topic', { durable: true })
  await channel.assertQueue('out', { durable: true })
  await channel.bindQueue('out', 'out', 'out')
  await rabbitmq.control('add_user', 'lim', 'lim')
  await rabbitmq.control('set_permissions', 'lim', '^$', '.*', '.*')
  const publishers = new PublisherPool(silentLogger)
  onTestFinished(() => publishers.close())
  const url = rabbitmq.url.replace('guest:guest', 'lim:lim')
  const params = { url, exchange: 'out', queue_name: 'out', env_keys: ['out'] }
  const context = createHandlerContext(silentLogger, { publisherFor: publishers.publisherFor })
  const handler = handlerOf(NotabeneHandler, params, context)
  handler.handleEvents([], { streamId: 1, streamName: 's', out: [{ message_id: 'a' }] })
  await handler.commit()
  expect((await channel.checkQueue('out')).messageCount).toBe(1)
  await connection.close()
})
