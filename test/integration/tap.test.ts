import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { folderWith } from '../support/folders.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'
import { yagiOf } from '../support/yagi-of.ts'

test('a tap shows what comes in and what becomes of it, takes nothing away, and leaves nothing', async () => {
  const name = `tap-${randomUUID()}`
  const url = inject('amqpUrl')
  const folder = folderWith({
    'yagi.conf': yagiOf(url, name, [`exchange = ${name}`, 'exchange_type = topic', `routing_key = ${name}`]),
    'winchester.yaml':
      'database: {url: "sqlite::memory:"}\ndistiller_config: d.yaml\ntrigger_definitions: t.yaml\npipeline_config: p.yaml\n',
    'd.yaml': `- event_type: 'x.*'
  traits:
    host: {fields: payload.host}
    size: {fields: payload.size, type: int}
`,
    'p.yaml': 'fire: [logger]\n',
    't.yaml': `- name: day
  distinguished_by: [host]
  match_criteria: [{event_type: 'x.*'}]
  fire_criteria: [{event_type: x.end}]
  expiration: $last + 1h
  fire_pipeline: fire
`,
  })
  const broker = createAmqpBroker({ url, logger: silentLogger, reconnectMs: 20, maxReconnectMs: 200 })
  onTestFinished(() => broker.close())
  const publisher = await broker.openPublisher()
  const spec = {
    ...{ queue: name, bindings: [{ exchange: name, routingKey: name }], exchangeType: 'topic' },
    ...{ durable: true, autoDelete: false, exchangeDurable: true, exchangeAutoDelete: false },
  }
  await publisher.declare(spec)
  const tap = startProgram(['tap', '-c', join(folder, 'yagi.conf'), '--limit', '4'])
  await until('the tap to be open', () => tap.stderr.includes('the tap is open'))
  const send = (type: string, payload: object) =>
    publisher.publish(
      { exchange: name, routingKey: name },
      Buffer.from(
        JSON.stringify({
          event_type: type,
          message_id: type,
          timestamp: '2026-01-01 00:00:00',
          publisher_id: 'p',
          payload,
        }),
      ),
    )
  await send('x.end', { host: 'a', size: 1 })
  await send('x.end', { host: 'a', size: 'password=hunter2' })
  await send('metrics.update', {})
  await publisher.publish({ exchange: name, routingKey: name }, Buffer.from('no JSON'))
  const { code, stdout } = await tap.result()
  expect(code).toBe(0)
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(/^2026-01-01 00:00:00 {2}x\.end {2}x\.end {2}event, \d traits → day \(host:a\)$/),
    expect.stringMatching(/^2026-01-01 00:00:00 {2}x\.end {2}x\.end {2}dead letter, distill: .*size/),
    '2026-01-01 00:00:00  metrics.update  metrics.update  dropped: no event definition matches',
    expect.stringMatching(/^7 bytes of tap-.* {2}dead letter, decode: /),
    '',
  ])
  expect(stdout).not.toContain('hunter2')
  const inspector = await broker.inspect()
  // The messages are still there for the consumer.
  await until('all to be in the queue', async () => (await inspector.queue(name))?.messages === 4)
})
