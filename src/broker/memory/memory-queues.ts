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

/** What a message is sent with through the library, which has properties of its own under the same names. */
type Sent = { readonly properties: MessageProperties; readonly queues: Set<string>; isReturned: boolean }

/** The queues and exchanges of this process, and what waits for some that others are to declare. */
export class MemoryQueues {
  readonly #smqp = new SmqpBroker()
  readonly #streams = new Map<string, MemoryStream>()
  /** each returns whether it has all that it waits for */
  readonly #waiting = new Set<() => boolean>()

  constructor() {
    this.#smqp.on('return', (event) => {
      ;(event.properties as { readonly sent: Sent }).sent.isReturned = true
    })
  }

  /** Whether a queue or stream is there. */
  has(queue: string): boolean {
    return this.#queue(queue) !== undefined
  }

  /** Counts the messages of a queue, delivered ones too; a stream has none that wait. */
  depth(queue: string): number {
    return this.#queue(queue)?.messageCount ?? 0
  }

  /** Declares a queue, unless it is another's, and binds it; what waited for it is called. */
  declare(spec: QueueSpec): void {
    if (!spec.passive && !this.has(spec.queue)) this.#create(spec)
    this.bind(spec)
    this.#settle()
  }

  /** Declares an exchange, unless it is another's, and returns whether it is there. */
  declareExchange(spec: ExchangeSpec): boolean {
    const isThere = this.#ensure(spec)
    this.#settle()
    return isThere
  }

  /** Calls `settle` at every declaration from now on until it returns true. */
  whenDeclared(settle: () => boolean): void {
    this.#waiting.add(settle)
  }

  /** Binds a queue to its exchanges; false when one of others is not there. */
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
    // What is published while another message is being delivered comes to its queues after that.
    await undefined
    if (sent.isReturned && mandatory) {
      throw new TransientError(
        `the broker did not confirm a message: no queue takes ${routingKey} from exchange ${exchange}`,
      )
    }
  }

  /** Gives the messages of a queue that exists to `deliver`. */
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

  /** Whether an exchange is there; one of ours is from now on, as it is if it was there before. */
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

  /** A stream takes its messages out of a queue of the library, which exchanges are bound to. */
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

/** The library counts an expiration from its own timestamp, and takes 0 for none. */
function expirationOf({ expiration }: MessageProperties): { readonly expiration?: number } {
  return expiration === undefined ? {} : { expiration: Math.max(1, Number(expiration)) }
}

/** The library gives a queue a message once for each of its bindings; AMQP does so once. */
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
