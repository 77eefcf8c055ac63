import {
  type ConsumeOptions,
  type Consumer,
  type exchangeType,
  type Queue,
  Broker as SmqpBroker,
  type Message as SmqpMessage,
} from 'smqp'
import { StackTachError, TransientError } from '../../domain/errors.ts'
import type { MessageProperties, Route } from '../message.ts'
import type { Completed } from '../outgoing.ts'
import { type ExchangeSpec, exchangeSpecOf, exchangesOf, type QueueSpec } from '../queue-spec.ts'
import { MemoryStream } from './memory-stream.ts'
import type { Content, QueuedMessage, QueueReader } from './queue-reader.ts'

/** The data sent with a message through the library, which has properties of its own under the same names. */
type Sent = { readonly properties: MessageProperties; readonly queues: Set<string>; isReturned: boolean }

/** The queues and exchanges of this process, and the callbacks that wait for declarations by others. */
export class MemoryQueues {
  readonly #smqp = new SmqpBroker()
  readonly #streams = new Map<string, MemoryStream>()
  /** callbacks that wait for declarations; each returns whether it needs no further one */
  readonly #waiting = new Set<() => boolean>()

  constructor() {
    this.#smqp.on('return', (event) => {
      ;(event.properties as { readonly sent: Sent }).sent.isReturned = true
    })
  }

  /** Returns whether a queue or stream exists. */
  has(queue: string): boolean {
    return this.#queue(queue) !== undefined
  }

  /** Counts the messages of a queue, including delivered ones; 0 for a stream. */
  depth(queue: string): number {
    return this.#queue(queue)?.messageCount ?? 0
  }

  /** Declares a queue unless it is passive, binds it, and calls the callbacks of whenDeclared. */
  declare(spec: QueueSpec): void {
    if (!spec.passive && !this.has(spec.queue)) this.#create(spec)
    this.bind(spec)
    this.#settle()
  }

  /** Declares an exchange unless it is passive. Returns whether it exists. */
  declareExchange(spec: ExchangeSpec): boolean {
    const isThere = this.#ensure(spec)
    this.#settle()
    return isThere
  }

  /** Calls `settle` at every declaration from now on until it returns true. */
  whenDeclared(settle: () => boolean): void {
    this.#waiting.add(settle)
  }

  /** Binds a queue to its exchanges. Returns false when a passive exchange does not exist. */
  bind(spec: QueueSpec): boolean {
    const { queue, bindings } = spec
    const missing = exchangesOf(spec).filter((exchange) => !this.#ensure(exchangeSpecOf(spec, exchange)))
    for (const { exchange, routingKey } of spec.passive ? [] : bindings) {
      if (!missing.includes(exchange)) this.#smqp.bindQueue(queue, exchange, routingKey)
    }
    return missing.length === 0
  }

  /** Resolves when a queue has the message; rejects with TransientError when it is mandatory and none has. */
  async publish({ exchange, routingKey }: Route, body: Buffer, completed: Completed): Promise<void> {
    const { mandatory, ...properties } = completed
    const sent: Sent = { properties, queues: new Set(), isReturned: false }
    const carried = { sent, mandatory: true, ...expirationOf(properties) }
    if (exchange === '') {
      const queue = this.#queue(routingKey)
      if (queue) queue.queueMessage({ exchange, routingKey }, body, carried)
      else sent.isReturned = true
    } else if (this.#smqp.getExchange(exchange)) this.#smqp.publish(exchange, routingKey, body, carried)
    else throw new TransientError(`exchange ${exchange} does not exist`)
    // A message that is published during the delivery of another reaches its queues only after that delivery.
    await undefined
    if (sent.isReturned && mandatory) {
      throw new TransientError(
        `the broker did not confirm a message: no queue takes ${routingKey} from exchange ${exchange}`,
      )
    }
  }

  /** Reads an existing queue and calls `deliver` with its messages. */
  read(
    { queue, streamOffset = 'next' }: QueueSpec,
    prefetch: number,
    deliver: (message: QueuedMessage) => void,
  ): QueueReader {
    const stream = this.#streams.get(queue)
    if (stream) return stream.read(streamOffset, prefetch, deliver)
    const consumer = this.#consume(queue, { prefetch }, (message) => {
      const { redelivered = false } = message.fields
      deliver({ ...contentOf(message), redelivered, ackUpTo: () => message.ack(true) })
    })
    return {
      setPrefetch: (count) => consumer.prefetch(count),
      stop: () => {
        this.#smqp.cancel(consumer.consumerTag, true)
        return undefined
      },
    }
  }

  /** Ends all deliveries. */
  stop(): void {
    this.#smqp.stop()
  }

  /** Creates an exchange unless it exists or is passive. Returns whether it exists then. */
  #ensure({ exchange, type, passive }: ExchangeSpec): boolean {
    if (this.#smqp.getExchange(exchange)) return true
    if (passive) return false
    if (!isKnown(type)) {
      const message = `exchange ${exchange}: the broker in memory has exchanges of type topic, direct and fanout, and none of type ${type}`
      throw new StackTachError('config', message)
    }
    this.#smqp.assertExchange(exchange, type, { durable: true, autoDelete: false })
    return true
  }

  #settle(): void {
    for (const settle of this.#waiting) if (settle()) this.#waiting.delete(settle)
  }

  /**
   * Creates a queue or a stream. A stream takes its messages from a queue of the library, which is bound in
   * its place.
   */
  #create({ queue, arguments: args }: QueueSpec): void {
    takeOnce(this.#smqp.assertQueue(queue, { durable: true, autoDelete: false }))
    if (args?.['x-queue-type'] !== 'stream') return
    const stream = new MemoryStream(args)
    this.#streams.set(queue, stream)
    this.#consume(queue, { noAck: true }, (message) => stream.append(contentOf(message)))
  }

  #consume(queue: string, options: ConsumeOptions, onMessage: (message: SmqpMessage) => void): Consumer {
    return this.#smqp.consume(queue, (_, message) => onMessage(message), options)
  }

  #queue(name: string): Queue | undefined {
    return this.#smqp.getQueue(name)
  }
}

function isKnown(type: string): type is exchangeType {
  return type === 'topic' || type === 'direct' || type === 'fanout'
}

/** Returns the expiration for the library, which takes 0 for none, so that 0 becomes 1 ms. */
function expirationOf({ expiration }: MessageProperties): { readonly expiration?: number } {
  return expiration === undefined ? {} : { expiration: Math.max(1, Number(expiration)) }
}

/** Makes a queue take a message once, as AMQP does. The library would add it once for each binding. */
function takeOnce(queue: Queue): void {
  const take = queue.queueMessage
  queue.queueMessage = (fields, body, properties) => {
    const sent: Sent | undefined = properties?.sent
    if (sent?.queues.has(queue.name)) return 0
    sent?.queues.add(queue.name)
    return take.call(queue, fields, body, properties)
  }
}

function contentOf({ fields, content, properties }: SmqpMessage): Content {
  const { exchange = '', routingKey = '' } = fields
  return { exchange, routingKey, body: content as Buffer, properties: (properties.sent as Sent).properties }
}
