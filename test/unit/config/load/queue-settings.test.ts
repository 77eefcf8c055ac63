import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { addressOf } from '../../../../src/broker/queue-spec.ts'
import { checkConfig } from '../../../../src/config/load/load-config.ts'
import { SOUND_FILES } from '../../../support/config-findings.ts'
import { folderWith } from '../../../support/folders.ts'

/** What check says of a queue `q` whose keys begin in line 5. */
async function checked(keys: string) {
  const text = `[consumers]
queues = q
[consumer:q]
apps = winchester.yagi_handler.WinchesterHandler
${keys}
[winchester]
config_file = winchester.yaml
`
  const file = join(folderWith({ ...SOUND_FILES, 'yagi.conf': text }), 'yagi.conf')
  const { findings, config } = await checkConfig(file, {})
  const found = findings.map(({ position, severity, message }) => ({
    at: `${position.line}:${position.column}`,
    severity,
    message,
  }))
  return { findings: found, queue: config?.yagi?.queues[0] }
}

test('the shipped configuration for real clouds has no finding, and makes nothing', async () => {
  const file = resolve(import.meta.dirname, '../../../../config/openstack/yagi.conf')
  const { findings, config } = await checkConfig(file, {})
  expect(findings).toEqual([])
  const queues = config?.yagi?.queues ?? []
  expect(queues.length).toBeGreaterThan(1)
  for (const queue of queues) expect(queue).toMatchObject({ passive: true, bindings: [] })
})

test('without the new keys a queue is as it was', async () => {
  const { findings, queue } = await checked('exchange = x\ndurable = False')
  expect(findings).toEqual([])
  expect(queue).toMatchObject({
    bindings: [{ exchange: 'x', routingKey: 'q' }],
    durable: false,
    exchangeDurable: false,
    passive: false,
    exchangePassive: false,
    arguments: {},
    streamOffset: undefined,
  })
  expect(queue && addressOf(queue)).toEqual({ exchange: 'x', routingKey: 'q' })
})

test('each of several exchanges is bound with each of several keys', async () => {
  const { findings, queue } = await checked(
    'exchange = nova, glance\nrouting_key = notifications.info,\n  notifications.error\nexchange_passive = True',
  )
  expect(findings).toEqual([])
  expect(queue).toMatchObject({ passive: false, exchangePassive: true, durable: true })
  expect(queue?.bindings.map(({ exchange, routingKey }) => `${exchange} ${routingKey}`)).toEqual([
    'nova notifications.info',
    'nova notifications.error',
    'glance notifications.info',
    'glance notifications.error',
  ])
  // What is published for testing goes to nobody else.
  expect(queue && addressOf(queue)).toEqual({ exchange: '', routingKey: 'q' })
})

test('arguments of a queue have their types', async () => {
  const { findings, queue } = await checked(
    'queue_type = quorum\nqueue_arguments = x-max-length: 100000, x-single-active-consumer: True, x-overflow: drop-head',
  )
  expect(findings).toEqual([])
  expect(queue?.arguments).toEqual({
    'x-queue-type': 'quorum',
    'x-max-length': 100_000,
    'x-single-active-consumer': true,
    'x-overflow': 'drop-head',
  })
})

test.each([
  ['', 'first'],
  ['stream_offset = last', 'last'],
  ['stream_offset = 42', 42],
  ['stream_offset = 2026-01-02T03:04:05', { sinceS: 1_767_323_045 }],
])('a stream with %j is read from %j, with a warning of what that means', async (key, offset) => {
  const { findings, queue } = await checked(`queue_type = stream\n${key}`)
  expect(queue?.streamOffset).toEqual(offset)
  expect(findings).toEqual([
    {
      at: key === '' ? '5:14' : '6:17',
      severity: 'warning',
      message: expect.stringMatching(
        offset === 'last'
          ? /what comes while no consumer runs is never read/
          : /each start reads all of it again/,
      ),
    },
  ])
})

test.each([
  [
    'passive = True\nqueue_type = quorum',
    '6:14',
    'error',
    /does not go with passive = True.*passive = False/,
  ],
  ['passive = True\nqueue_arguments = a: 1', '6:19', 'error', /does not go with passive = True/],
  ['passive = True\nexchange_passive = False', '6:20', 'error', /does not go with passive = True/],
  ['passive = True\nexchange = nova', '6:12', 'warning', /has no effect with passive = True/],
  ['passive = True\ndurable = False', '6:11', 'warning', /has no effect with passive = True/],
  ['queue_type = quorom', '5:14', 'error', /expected classic, quorum or stream.*did you mean "quorum"/],
  ['queue_type = quorum\ndurable = False', '6:11', 'error', /always durable; leave it out/],
  ['queue_type = quorum\nauto_delete = True', '6:15', 'error', /never deleted by itself/],
  ['queue_arguments = x-max-length', '5:19', 'error', /expected NAME: VALUE/],
  ['queue_arguments = x-queue-type: quorum', '5:19', 'error', /queue_type = quorum/],
  ['stream_offset = 5', '5:17', 'error', /needs queue_type = stream/],
  ['passive = True\nstream_offset = soon', '6:17', 'error', /expected first, last, next/],
  ['exchange_passive = True', '5:20', 'error', /expected the exchanges to bind to/],
  ['exchange = x, glance', '5:12', 'warning', /glance: OpenStack's services fail.*exchange_passive = True/],
  ['exchange = x, y', '5:12', 'warning', /names several; write exchange_passive/],
  ['passive = perhaps', '5:11', 'error', /expected True or False/],
])('tells what contradicts itself, with its place: %j', async (keys, at, severity, message) => {
  const { findings } = await checked(keys)
  expect(findings).toEqual([{ at, severity, message: expect.stringMatching(message) }])
})

test.each([
  [
    'topik',
    [{ at: '6:17', message: /^exchange_type: expected topic, .*found "topik"; did you mean "topic"/ }],
  ],
  ['Topic', [{ at: '6:17', message: /did you mean "topic"/ }]],
  ['x-consistent-hash', []],
  ['fanout', []],
])('an exchange of type %s', async (type, expected) => {
  const { findings } = await checked(`exchange = x\nexchange_type = ${type}`)
  expect(findings).toMatchObject(
    expected.map(({ at, message }) => ({ at, message: expect.stringMatching(message), severity: 'error' })),
  )
  expect(findings).toHaveLength(expected.length)
})
