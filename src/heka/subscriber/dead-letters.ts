import type { Publisher } from '../../broker/broker.ts'
import { type KeptPublisher, keptPublisher } from '../../broker/kept-publisher.ts'
import type { QueueSpec } from '../../broker/queue-spec.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import { retry } from '../../runtime/retry.ts'
import { FrameGatherer } from '../stream/frame-gatherer.ts'
import { FRAMES_TYPE } from '../stream/frames-of.ts'
import { type Position, positionText } from '../stream/position.ts'

const WAITS = { initialMs: 500, maxMs: 10_000 }
const LONGEST_REASON = 500

/** Why messages are dead letters. */
export type DeadReason = {
  readonly reason: string
  readonly status: number | undefined
  readonly batch: string
}

/**
 * Keeps messages that were refused in a stream of their own, with the reason in the headers of each message of AMQP.
 * A subscriber to that stream sends them again.
 */
export class DeadLetters {
  readonly #spec: QueueSpec
  readonly #publisher: KeptPublisher
  readonly #outage: Outage

  constructor(spec: QueueSpec, openPublisher: () => Promise<Publisher>, logger: Logger) {
    this.#spec = spec
    this.#publisher = keptPublisher(openPublisher)
    this.#outage = new Outage(logger, 'dead letters are kept again')
  }

  /** Stores messages. Resolves when the broker has confirmed all of them, however long that takes. */
  async keep(
    messages: readonly { readonly bytes: Buffer; readonly position: Position }[],
    reason: DeadReason,
    signal: AbortSignal,
  ): Promise<void> {
    const parts: Buffer[] = []
    const gatherer = new FrameGatherer(1000, ({ bytes }) => parts.push(bytes))
    for (const { bytes } of messages) gatherer.add(bytes, 0, bytes.length)
    gatherer.flush()
    const headers = {
      reason: reason.reason.slice(0, LONGEST_REASON),
      status: reason.status ?? 0,
      batch: reason.batch,
      first: messages[0] ? positionText(messages[0].position) : '',
      at_ms: Date.now(),
    }
    for (const bytes of parts)
      await retry(() => this.#publish(bytes, headers), { waits: WAITS, signal, outage: this.#outage })
  }

  async close(): Promise<void> {
    await this.#publisher.close()
  }

  async #publish(bytes: Buffer, headers: { readonly [name: string]: string | number }): Promise<void> {
    const publisher = await this.#publisher.opened()
    await publisher.declare(this.#spec)
    const route = { exchange: this.#spec.queue, routingKey: '' }
    await publisher.publish(route, bytes, {
      contentType: FRAMES_TYPE,
      timestamp: Math.floor(Date.now() / 1000),
      headers,
    })
  }
}
