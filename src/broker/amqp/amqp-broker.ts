import type { SecureContextOptions } from 'node:tls'
import { type ChannelModel, connect } from 'amqplib'
import { messageOf, StackTachError, TransientError } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import { parseBrokerAddress } from '../../text/broker-address.ts'
import type { Broker, Subscription } from '../broker.ts'
import { closeQuietly, rememberReason, withChannel } from './amqp-channel.ts'
import { createInspector, type Inspector } from './amqp-inspector.ts'
import { openAmqpPublisher } from './amqp-publisher.ts'
import { createAmqpSubscription } from './amqp-subscription.ts'
import { connectOptionsOf, InTurn } from './in-turn.ts'
import { assembleLargeBodies } from './large-bodies.ts'
import { Notices } from './notices.ts'
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

/**
 * The interval of heartbeats, s. A server notices a vanished client after two to three of them and
 * redelivers.
 */
const HEARTBEAT_S = 8
const CONNECT_TIMEOUT_MS = 10_000
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

  function connected(): Promise<ChannelModel> {
    connection ??= open().catch((error) => {
      connection = undefined
      throw new TransientError(failureOf(error), { cause: error })
    })
    return connection
  }

  async function open(): Promise<ChannelModel> {
    const model = await brokers.open((address) =>
      connect(connectOptionsOf(address, HEARTBEAT_S), {
        ...options.tls,
        timeout: CONNECT_TIMEOUT_MS,
        // A message is sent in several pieces; later ones must not wait for the broker to acknowledge the
        // first.
        noDelay: true,
      }),
    )
    rememberReason(model)
    model.on('blocked', (reason) => {
      options.logger.warn({}, `the broker takes no messages: ${reason}; waiting`)
    })
    model.on('unblocked', () => options.logger.info({}, 'the broker takes messages again'))
    keepUndecodedHeaders(model)
    assembleLargeBodies(model)
    model.on('close', () => {
      connection = undefined
    })
    return model
  }

  const context = { boundAgainMs: BOUND_AGAIN_MS, ...options, notices, connected }
  return {
    subscribe(spec, subscribeOptions) {
      const subscription = createAmqpSubscription(spec, subscribeOptions, context)
      subscriptions.add(subscription)
      return subscription
    },
    openPublisher: () => openAmqpPublisher(connected),
    inspect: async () => createInspector(await connected()),
    async depth(queue) {
      const { messageCount } = await withChannel(await connected(), (channel) => channel.checkQueue(queue))
      return messageCount
    },
    async close() {
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

function failureOf(error: unknown): string {
  const message = messageOf(error)
  if (/ACCESS-REFUSED/.test(message)) return `the broker refuses the user or the password: ${message}`
  // The library does not pass on the broker's reason about a virtual host.
  if (/ConnectionOpenOk; got <ConnectionClose/.test(message))
    return 'the broker refuses the virtual host: there is none of this name, or the account has no rights in it'
  return `the broker does not answer: ${message}`
}
