import type { ConsumeMessage } from 'amqplib'
import { isStream, type QueueSpec, type StreamOffset } from '../queue-spec.ts'
import { brokerText } from './amqp-refusal.ts'

/**
 * How far a stream has been read by this process. The broker does not remember it: reading that begins anew would
 * begin where the configuration says. Messages of other queues have no offset, and leave it as it is.
 */
export class StreamPosition {
  /** Whether the queue is meant to be a stream; a queue of others may be one without its spec saying so. */
  readonly #isStream: boolean
  readonly #asConfigured: StreamOffset | undefined
  /** the offset of the first message that was delivered: those before it were not asked for */
  #first: number | undefined
  #delivered: number | undefined
  #acknowledged: number | undefined

  constructor(spec: QueueSpec) {
    this.#isStream = isStream(spec)
    this.#asConfigured = spec.streamOffset
  }

  /** Takes note of a delivery, and returns its offset; undefined: the queue is not read as a stream. */
  delivered(message: ConsumeMessage): number | undefined {
    const offset = offsetIn(message)
    this.#delivered = offset ?? this.#delivered
    this.#first ??= offset
    return this.#isStream ? offset : undefined
  }

  /** Takes note of the acknowledgement of a message and all before it. */
  acknowledged(message: ConsumeMessage): void {
    this.#acknowledged = offsetIn(message) ?? this.#acknowledged
  }

  /** Goes back to what was acknowledged: the channel is another, and the rest is to come again. */
  reset(): void {
    this.#delivered = this.#acknowledged
  }

  /** Forgets offsets that messages claimed to have, if the broker has refused to read the queue from one. */
  refused(error: unknown): void {
    if (this.#isStream || !/invalid arg 'x-stream-offset'/.test(brokerText(error))) return
    this.#first = this.#delivered = this.#acknowledged = undefined
  }

  /** Arguments for reading on. */
  asArguments(): { [name: string]: unknown } {
    const from = this.#delivered === undefined ? (this.#first ?? this.#asConfigured) : this.#delivered + 1
    if (from === undefined) return {}
    if (typeof from !== 'object') return { 'x-stream-offset': from }
    return { 'x-stream-offset': { '!': 'timestamp', value: from.sinceS } }
  }
}

/** Any message may have the header; only a stream sets it. */
function offsetIn({ properties }: ConsumeMessage): number | undefined {
  const offset = properties.headers?.['x-stream-offset']
  return typeof offset === 'number' ? offset : undefined
}
