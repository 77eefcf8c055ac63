import { inject, onTestFinished } from 'vitest'
import { buildSubscriber } from '../../../src/assembly/heka/build-subscriber.ts'
import { SUBSCRIBER } from '../../../src/heka/settings/programs.ts'
import { readSettings } from '../../../src/heka/settings/read-settings.ts'
import { streamSpec } from '../../../src/heka/stream/stream-spec.ts'
import { encodeMessage } from '../../../src/heka/wire/encode-message.ts'
import { frameOf } from '../../../src/heka/wire/frame.ts'
import type { HekaMessage } from '../../../src/heka/wire/message.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { amqpBrokerAt } from '../brokers.ts'

const RETENTION = { streamMaxAge: '', streamMaxMegabytes: 0 }
let subjects = 0

/** Returns the name of a subject that no other test has. */
export function newSubject(): string {
  return `heka-test-${process.pid}-${Date.now()}-${++subjects}`
}

/** Starts a subscriber with settings by environment. Returns what stops it; it is stopped with the test too. */
export async function startSubscriber(
  subject: string,
  remoteUrl: string,
  settings: { readonly [name: string]: string } = {},
): Promise<() => Promise<void>> {
  const environment = {
    SUB_CLIENT_ID: 'test',
    SUB_SUBJECT: subject,
    SUB_REMOTE_URL: remoteUrl,
    SUB_STATS_ADDRESS: '',
    SUB_STATS: 'false',
    ...settings,
  }
  const broker = amqpBrokerAt(inject('amqpUrl'))
  const service = await buildSubscriber(
    readSettings(SUBSCRIBER, { options: {}, environment }),
    broker,
    silentLogger,
  )
  await service.start()
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= service.stop().then(() => broker.close())
    return stopped
  }
  onTestFinished(stop)
  return stop
}

/** Returns the message number `n` of the vectors. */
export function messageNumber(n: number): HekaMessage {
  return {
    uuid: Buffer.alloc(16, n),
    timestamp: 1_481_200_000_000_000_000n + BigInt(n) * 1_000_000_000n,
    type: Buffer.from('t'),
    logger: Buffer.from('l'),
    severity: 6,
    payload: Buffer.from(`m${n}`),
    pid: 1,
    hostname: Buffer.from('h'),
    fields: [],
  }
}

/** Publishes messages, so many of them in one message of AMQP. */
export async function publishMessages(
  subject: string,
  messages: readonly HekaMessage[],
  together = 1,
): Promise<void> {
  const broker = amqpBrokerAt(inject('amqpUrl'))
  try {
    const publisher = await broker.openPublisher()
    await publisher.declare(streamSpec(subject, RETENTION))
    const frames = messages.map((message) => frameOf(encodeMessage(message)))
    for (let at = 0; at < frames.length; at += together)
      await publisher.publish(
        { exchange: subject, routingKey: '' },
        Buffer.concat(frames.slice(at, at + together)),
        { headers: { at_ms: Date.now() } },
      )
  } finally {
    await broker.close()
  }
}

/** Publishes the messages from one number to another, one after the other. */
export function publishNumbers(subject: string, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index)
  return publishMessages(subject, numbers.map(messageNumber))
}
