import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect, inject, onTestFinished, test } from 'vitest'
import { buildBridge } from '../../src/assembly/heka/build-bridge.ts'
import { buildTcpReceiver } from '../../src/assembly/heka/build-tcp-receiver.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { BRIDGE, TCP_RECEIVER } from '../../src/heka/settings/programs.ts'
import { type Program, readSettings } from '../../src/heka/settings/read-settings.ts'
import type { Settings, ValuesOf } from '../../src/heka/settings/setting.ts'
import { framesOf } from '../../src/heka/stream/frames-of.ts'
import { streamSpec } from '../../src/heka/stream/stream-spec.ts'
import { encodeMessage } from '../../src/heka/wire/encode-message.ts'
import { frameOf } from '../../src/heka/wire/frame.ts'
import type { Service } from '../../src/runtime/lifecycle.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { amqpBrokerAt } from '../support/brokers.ts'
import { Authority } from '../support/certificates.ts'
import { messageNumber, newSubject } from '../support/heka/subscription.ts'
import { until } from '../support/until.ts'

const RETENTION = { streamMaxAge: '7D', streamMaxMegabytes: 20_480 }

/** Starts a program in this process on a broker of its own. */
async function start<S extends Settings, T extends Service>(
  program: Program<S>,
  build: (values: ValuesOf<S>, broker: Broker, logger: typeof silentLogger) => Promise<T>,
  environment: { readonly [name: string]: string },
  url = inject('amqpUrl'),
): Promise<T> {
  const broker = amqpBrokerAt(url)
  const values = readSettings(program, {
    options: {},
    environment: {
      CLIENT_ID: 'test',
      BIND_ADDRESS: '127.0.0.1:0',
      STATS_ADDRESS: '',
      STATS: 'false',
      ...environment,
    },
  })
  const service = await build(values, broker, silentLogger)
  await service.start()
  onTestFinished(async () => {
    await service.stop()
    await broker.close()
  })
  return service
}

/** Reads the messages of a subject from its begin. */
function readAll(subject: string) {
  const broker = amqpBrokerAt(inject('amqpUrl'))
  const bodies: Buffer[] = []
  let deliveries = 0
  const subscription = broker.subscribe(
    { ...streamSpec(subject, RETENTION), streamOffset: 'first' },
    {
      prefetch: 1000,
      onDelivery(delivery) {
        deliveries++
        bodies.push(...framesOf(delivery.body))
        subscription.ackUpTo(delivery)
      },
      onLost() {},
    },
  )
  onTestFinished(() => broker.close())
  return { bodies, deliveries: () => deliveries, payloads: () => bodies.map((bytes) => payloadOf(bytes)) }
}

function payloadOf(bytes: Buffer): string {
  return /m\d+/.exec(bytes.toString('latin1'))?.[0] ?? ''
}

const body = (n: number) => encodeMessage(messageNumber(n))
const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `m${from + index}`)

function dial(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
  })
}

test('a hundred frames in one write, then the end: all are relayed, together', async () => {
  const subject = newSubject()
  const receiver = await start(TCP_RECEIVER, buildTcpReceiver, { SUBJECT: subject })
  const socket = await dial(receiver.address().port)
  socket.end(Buffer.concat(names(1, 100).map((_, index) => frameOf(body(index + 1)))))
  const { payloads, deliveries, bodies } = readAll(subject)
  await until('all messages', () => bodies.length === 100)
  expect(payloads()).toEqual(names(1, 100))
  expect(deliveries()).toBeLessThan(10)
  expect(bodies[0]).toEqual(body(1))
})

test('a matcher, signatures and limits decide what is relayed', async () => {
  const subject = newSubject()
  const folder = mkdtempSync(join(tmpdir(), 'heka-'))
  const signers = join(folder, 'signers')
  writeFileSync(signers, '# keys\nops_1 sesame\n', { mode: 0o600 })
  const receiver = await start(TCP_RECEIVER, buildTcpReceiver, {
    SUBJECT: subject,
    MATCH_SPEC: "Payload != 'm2'",
    SIGNERS_FILE: signers,
    REQUIRE_SIGNATURE: 'true',
    MAX_CONNECTIONS_PER_SENDER: '1',
  })
  const signer = { name: 'ops', version: 1, key: 'sesame', hash: 'sha1' }
  const socket = await dial(receiver.address().port)
  socket.write(Buffer.concat([1, 2, 3].map((n) => frameOf(body(n), signer))))
  socket.write(Buffer.concat([frameOf(body(4)), frameOf(body(5), { ...signer, key: 'other' })]))
  socket.write(frameOf(body(6), { ...signer, hash: 'md5' }))
  const { payloads } = readAll(subject)
  await until('the messages', () => payloads().length === 3)
  expect(payloads()).toEqual(['m1', 'm3', 'm6'])
  const second = await dial(receiver.address().port)
  await until('the second one to be refused', () => second.destroyed)
})

test('over TLS, clients without a certificate of the authority are refused', async () => {
  const subject = newSubject()
  const authority = new Authority(mkdtempSync(join(tmpdir(), 'heka-')), 'logs')
  const own = authority.sign('server', 'IP:127.0.0.1')
  const theirs = authority.sign('client', 'DNS:client')
  const receiver = await start(TCP_RECEIVER, buildTcpReceiver, {
    SUBJECT: subject,
    TLS_CERT_FILE: own.cert,
    TLS_KEY_FILE: own.key,
    TLS_CLIENT_CA_FILE: authority.ca,
  })
  const { port } = receiver.address()
  const send = (n: number, files: { readonly cert?: Buffer; readonly key?: Buffer }) =>
    new Promise<void>((resolve) => {
      const socket = connectTls({ port, host: '127.0.0.1', ca: readFileSync(authority.ca), ...files })
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
      socket.end(frameOf(body(n)))
    })
  await send(1, {})
  await send(2, { cert: readFileSync(theirs.cert), key: readFileSync(theirs.key) })
  const { payloads } = readAll(subject)
  await until('the message', () => payloads().length > 0)
  expect(payloads()).toEqual(['m2'])
})

test('a bridge makes notifications of messages, each once over a restart', async () => {
  const subject = newSubject()
  const queue = `${subject}-notifications`
  const folder = mkdtempSync(join(tmpdir(), 'heka-'))
  const mapping = join(folder, 'mapping.yaml')
  writeFileSync(
    mapping,
    "notifications:\n  - {match: \"Payload != 'm2'\", event_type: 'log.{Type}', payload: {text: '{Payload}'}}\n",
  )
  const broker = amqpBrokerAt(inject('amqpUrl'))
  onTestFinished(() => broker.close())
  const notifications: { event_type: string; payload: { text: string } }[] = []
  const spec = {
    ...streamSpec(queue, RETENTION),
    bindings: [],
    arguments: {},
  }
  const publisher = await broker.openPublisher()
  await publisher.declare(spec)
  const subscription = broker.subscribe(spec, {
    prefetch: 10,
    onDelivery(delivery) {
      notifications.push(JSON.parse(delivery.body.toString()))
      subscription.ackUpTo(delivery)
    },
    onLost() {},
  })
  const receiver = await start(TCP_RECEIVER, buildTcpReceiver, { SUBJECT: subject })
  const socket = await dial(receiver.address().port)
  const settings = { SUBJECT: subject, MAPPING: mapping, ROUTING_KEY: queue, DELIVER_ALL: 'true' }
  const bridge = await start(BRIDGE, buildBridge, settings)
  socket.write(Buffer.concat([1, 2, 3].map((n) => frameOf(body(n)))))
  await until('two notifications', () => notifications.length === 2)
  await bridge.stop()
  socket.write(frameOf(body(4)))
  await start(BRIDGE, buildBridge, settings)
  await until('one more', () => notifications.length === 3)
  expect(notifications.map(({ event_type, payload }) => [event_type, payload.text])).toEqual([
    ['log.t', 'm1'],
    ['log.t', 'm3'],
    ['log.t', 'm4'],
  ])
})
