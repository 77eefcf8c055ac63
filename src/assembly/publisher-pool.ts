import { createAmqpBroker } from '../broker/amqp/amqp-broker.ts'
import type { Broker, Publisher } from '../broker/broker.ts'
import { brokerUrlFault } from '../config/load/server-url.ts'
import { StackTachError } from '../domain/errors.ts'
import type { Logger } from '../runtime/logger.ts'

type Connected = { readonly broker: Broker; readonly publisher: Promise<Publisher> }

/** Opens publishers, one per broker URL. Each has one connection, which all runs of pipelines share. */
export class PublisherPool {
  readonly #logger: Logger
  readonly #local: Broker | undefined
  readonly #connected = new Map<string, Connected>()

  /** `local` is the broker in this process, for the URL `memory:`. */
  constructor(logger: Logger, local?: Broker) {
    this.#logger = logger
    this.#local = local
  }

  /** Returns the publisher of a broker. Rejects with TransientError while the broker is away. */
  readonly publisherFor = (url: string): Promise<Publisher> => {
    const known = this.#connected.get(url)
    if (known) return known.publisher
    const broker = this.#brokerAt(url)
    const publisher = broker.openPublisher()
    this.#connected.set(url, { broker, publisher })
    publisher.catch(() => this.#connected.delete(url))
    return publisher
  }

  /** Returns why brokers take no messages at the moment. */
  hindrances(): readonly string[] {
    return [...this.#connected.values()].flatMap(({ broker }) => broker.hindrance() ?? [])
  }

  async close(): Promise<void> {
    for (const { broker, publisher } of this.#connected.values()) {
      await (await publisher.catch(() => undefined))?.close()
      if (broker !== this.#local) await broker.close()
    }
    this.#connected.clear()
  }

  #brokerAt(url: string): Broker {
    if (url.startsWith('memory:') && this.#local) return this.#local
    const fault = url.startsWith('memory:') ? 'there is no broker in this process' : brokerUrlFault(url)
    if (fault) throw new StackTachError('config', `the broker to publish to: ${fault}`)
    return createAmqpBroker({ url, logger: this.#logger, reconnectMs: 1000, maxReconnectMs: 60_000 })
  }
}
