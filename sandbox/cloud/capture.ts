import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type ChannelModel, type ConsumeMessage, connect } from 'amqplib'

const QUEUE = 'captured'
const RECONNECT_MS = 100
const NOTIFICATION = /^(versioned_)?notifications\./

export type Notification = {
  readonly message_id: string
  readonly event_type: string
  readonly timestamp: string
  // biome-ignore lint/suspicious/noExplicitAny: as different as the services are
  readonly payload: any
}

/** A notification as it was published, and the queues it was routed to. */
export type Captured = {
  readonly exchange: string
  readonly routingKey: string
  /** queues that the broker put it into; none: it was lost */
  readonly queues: readonly string[]
  /** notification without the envelope of oslo.messaging */
  readonly notification: Notification
}

/**
 * Records all notifications that anybody publishes to a broker with tracing enabled.
 *
 * Copies arrive through a durable queue of its own, so neither a restart of the broker nor what consumers do
 * to other queues loses any. With a file, each body is appended as a line, as it was published: bodies hold
 * auth tokens.
 */
export class Capture {
  readonly #url: string
  readonly #file: string | undefined
  readonly #captured: Captured[] = []
  #model: ChannelModel | undefined
  #stopped = false
  #running: Promise<void> | undefined

  static async start(url: string, file?: string): Promise<Capture> {
    const capture = new Capture(url, file)
    await capture.#open()
    capture.#running = capture.#keepOpen()
    return capture
  }

  private constructor(url: string, file: string | undefined) {
    this.#url = url
    this.#file = file
  }

  /** Notifications in the order in which they were published. */
  get all(): readonly Captured[] {
    return this.#captured
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#model?.close().catch(() => undefined)
    await this.#running
  }

  async #open(): Promise<void> {
    const model = await connect(this.#url)
    model.on('error', () => undefined)
    const channel = await model.createChannel()
    channel.on('error', () => undefined)
    await channel.assertQueue(QUEUE, { durable: true })
    await channel.bindQueue(QUEUE, 'amq.rabbitmq.trace', 'publish.#')
    await channel.consume(QUEUE, (message) => message && this.#take(message), { noAck: true })
    this.#model = model
  }

  async #keepOpen(): Promise<void> {
    while (!this.#stopped) {
      const model = this.#model
      if (model) await new Promise((closed) => model.once('close', closed))
      this.#model = undefined
      if (this.#stopped) return
      await delay(RECONNECT_MS)
      await this.#open().catch(() => undefined)
    }
  }

  #take({ content, properties: { headers = {} } }: ConsumeMessage): void {
    const routingKey = String(headers.routing_keys?.[0])
    if (!NOTIFICATION.test(routingKey)) return
    const text = content.toString()
    const body = JSON.parse(text)
    const notification = 'oslo.message' in body ? JSON.parse(body['oslo.message']) : body
    const { exchange_name: exchange, routed_queues: queues } = headers
    this.#captured.push({ exchange, routingKey, queues, notification })
    if (this.#file !== undefined) appendFileSync(this.#file, `${text}\n`, { mode: 0o600 })
  }
}
