import type { Publisher } from '../../broker/broker.ts'
import { type KeptPublisher, keptPublisher } from '../../broker/kept-publisher.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Aggregator } from './aggregator.ts'
import type { MetricEvent } from './metric-event.ts'

const PERIOD_MS = 1000

export type ReporterOptions = {
  readonly openPublisher: () => Promise<Publisher>
  /** exchange that events are published to */
  readonly channel: string
  readonly logger: Logger
  /** Returns events that are due each second. */
  readonly read?: () => readonly MetricEvent[]
}

/** Publishes what is reported once a second. Nobody has to listen, and what cannot be published is dropped. */
export class StatsReporter implements Service {
  readonly #options: ReporterOptions
  readonly #publisher: KeptPublisher
  readonly #aggregator = new Aggregator()
  #timer: NodeJS.Timeout | undefined
  #isBusy = false

  constructor(options: ReporterOptions) {
    this.#options = options
    const exchange = statsExchange(options.channel)
    this.#publisher = keptPublisher(options.openPublisher, (publisher) => publisher.declareExchange(exchange))
  }

  report(event: Omit<MetricEvent, 'Timestamp'>): void {
    this.#aggregator.add({ Timestamp: Math.floor(Date.now() / 1000), ...event })
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#publish(), PERIOD_MS).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#publish()
    await this.#publisher.close().catch(() => {})
  }

  async #publish(): Promise<void> {
    for (const event of this.#options.read?.() ?? []) this.#aggregator.add(event)
    const texts = this.#aggregator.take()
    if (texts.length === 0 || this.#isBusy) return
    this.#isBusy = true
    try {
      const publisher = await this.#publisher.opened()
      const route = { exchange: this.#options.channel, routingKey: '' }
      for (const text of texts)
        await publisher.publish(route, Buffer.from(text), { mandatory: false, deliveryMode: 1 })
    } catch (error) {
      // Opened again, it declares the exchange again.
      await this.#publisher.close().catch(() => {})
      this.#options.logger.debug({}, `an event of statistics was not published: ${messageOf(error)}`)
    } finally {
      this.#isBusy = false
    }
  }
}

/** Returns the exchange of events of statistics. */
function statsExchange(exchange: string) {
  return { exchange, type: 'fanout', durable: true, autoDelete: false } as const
}
