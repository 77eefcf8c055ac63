import type { SecureContextOptions } from 'node:tls'
import type { ChannelModel } from 'amqplib'
import { messageOf, StackTachError, TransientError } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import { retry } from '../../runtime/retry.ts'
import { nameOfBroker, parseBrokerAddress } from '../../text/broker-address.ts'
import type { Broker, Subscription } from '../broker.ts'
import { closeQuietly, reasonOf, rememberReason, withChannel } from './amqp-channel.ts'
import { createInspector, type Inspector } from './amqp-inspector.ts'
import { openAmqpPublisher } from './amqp-publisher.ts'
import { brokerText } from './amqp-refusal.ts'
import { createAmqpSubscription } from './amqp-subscription.ts'
import { InTurn } from './in-turn.ts'
import { assembleLargeBodies } from './large-bodies.ts'
import { Notices } from './notices.ts'
import { openConnection } from './open-connection.ts'
import { keepUndecodedHeaders } from './undecoded-headers.ts'

export type AmqpOptions = {
  /** URL of one broker, or of several that are used in turn: see parseBrokerAddress */
  readonly url: string
  readonly logger: Logger
  /** first pause between attempts to connect, ms; `maxReconnectMs` is the longest */
  readonly reconnectMs: number
  readonly maxReconnectMs: number
  /** how often a queue is bound again to passive exchanges, ms (60,000) */
  readonly boundAgainMs?: number
  /** own CA and client certificate */
  readonly tls?: SecureContextOptions | undefined
}

const BOUND_AGAIN_MS = 60_000

export type AmqpBroker = Broker & {
  /** Connects and returns an inspector. Rejects with TransientError while the broker is away. */
  inspect(): Promise<Inspector>
}

/**
 * Creates a client of RabbitMQ, or of another broker that speaks AMQP 0-9-1. It has one connection, opened on
 * first use and again when it is lost. Throws StackTachError for a faulty URL.
 */
export function createAmqpBroker(options: AmqpOptions): AmqpBroker {
  const subscriptions = new Set<Subscription>()
  const notices = new Notices(options.logger)
  const brokers = new InTurn(addressesOf(options.url))
  let connection: Promise<ChannelModel> | undefined
  /** for each publisher with a channel on a connection, whether none of its messages is under way */
  const published = new WeakMap<ChannelModel, Set<() => boolean>>()
  const closing = new AbortController()
  /** the broker whose connection was lost while nobody published, and the sentence of the log; undefined: none was */
  let cut: { readonly name: string; readonly sentence: string } | undefined
  /** why the broker takes no messages, in its words; undefined when it takes them */
  let blocked: string | undefined

  function connected(): Promise<ChannelModel> {
    connection ??= open().catch((error) => {
      connection = undefined
      throw new TransientError(messageOf(error), { cause: error })
    })
    return connection
  }

  async function open(): Promise<ChannelModel> {
    let name = ''
    const model = await brokers.open((address) => {
      name = nameOfBroker(address)
      return openConnection(address, options.tls)
    })
    // Before the other listeners: one of them connects again.
    model.on('close', () => {
      connection = undefined
    })
    rememberReason(model)
    tellChanges(model, name)
    keepUndecodedHeaders(model)
    assembleLargeBodies(model)
    if (cut) {
      const isSame = name === cut.name
      const other = `connected to the broker at ${name}, in place of the one at ${cut.name}`
      options.logger.info({}, isSame ? `the broker at ${name} answers again` : other)
      cut = undefined
    }
    return model
  }

  /** Connects again after a loss that no subscription and nobody who publishes would notice. */
  async function connectAgain(): Promise<void> {
    const waits = { initialMs: options.reconnectMs, maxMs: options.maxReconnectMs }
    // The loss is logged already, and so is the connection that ends it.
    const outage = { failed() {}, over() {} }
    await retry(connected, { waits, signal: closing.signal, outage }).catch(() => {})
  }

  /** Logs one line when the broker takes no messages or closes the connection, and one when all is well again. */
  function tellChanges(model: ChannelModel, name: string): void {
    const { logger } = options
    model.on('blocked', (reason) => {
      blocked = `the broker at ${name} takes no messages: ${reason}`
      logger.warn({}, `${blocked}; waiting`)
    })
    model.on('unblocked', () => {
      blocked = undefined
      logger.info({}, `the broker at ${name} takes messages again`)
    })
    model.on('close', () => {
      blocked = undefined
      const reason = reasonOf(model)
      // A subscription logs the loss of its queue itself, and who is publishing gets an error.
      const publishers = published.get(model)
      const isIdle = publishers !== undefined && [...publishers].every((isIdle) => isIdle())
      if (reason === undefined || subscriptions.size > 0 || !isIdle || closing.signal.aborted) return
      cut = { name, sentence: `the connection to the broker at ${name} was lost: ${brokerText(reason)}` }
      logger.warn({}, cut.sentence)
      void connectAgain()
    })
  }

  /** Called when a publisher has a channel. */
  function onPublisher(model: ChannelModel, isIdle: () => boolean): void {
    published.set(model, (published.get(model) ?? new Set()).add(isIdle))
  }

  const context = { boundAgainMs: BOUND_AGAIN_MS, ...options, notices, connected }
  return {
    subscribe(spec, subscribeOptions) {
      const subscription = createAmqpSubscription(spec, subscribeOptions, context)
      subscriptions.add(subscription)
      return subscription
    },
    openPublisher: () => openAmqpPublisher(connected, onPublisher),
    inspect: async () => createInspector(await connected()),
    hindrance: () => blocked ?? cut?.sentence,
    async depth(queue) {
      const { messageCount } = await withChannel(await connected(), (channel) => channel.checkQueue(queue))
      return messageCount
    },
    async close() {
      closing.abort()
      await Promise.all([...subscriptions].map((subscription) => subscription.close()))
      const model = await connection?.catch(() => undefined)
      connection = undefined
      if (model) await closeQuietly(model)
    },
  }
}

function addressesOf(url: string) {
  const parsed = parseBrokerAddress(url)
  if ('fault' in parsed) throw new StackTachError('config', `the URL of the broker: ${parsed.fault}`)
  return parsed.addresses
}
