import type { ConsumeMessage } from 'amqplib'
import { isStream, type QueueSpec, type StreamOffset } from '../queue-spec.ts'
import { brokerText } from './amqp-refusal.ts'

/**
 * Tracks how far this process has read a stream. The broker does not remember it, so a new channel would
 * begin again at the configured offset. Messages of other queues have no offset and leave the position
 * unchanged.
 */
export class StreamPosition {
  /** whether the spec declares or reads the queue as a stream; a passive queue may be one all the same */
  readonly #isStream: boolean
  readonly #asConfigured: StreamOffset | undefined
  /** the offset of the first delivered message; earlier ones were not requested */
  #first: number | undefined
  #delivered: number | undefined
  #acknowledged: number | undefined

  constructor(spec: QueueSpec) {
    this.#isStream = isStream(spec)
    this.#asConfigured = spec.streamOffset
  }

  /** Records a delivery. Returns its offset; undefined when the queue is not read as a stream. */
  delivered(message: ConsumeMessage): number | undefined {
    const offset = offsetIn(message)
    this.#delivered = offset ?? this.#delivered
    this.#first ??= offset
    return this.#isStream ? offset : undefined
  }

  /** Records the acknowledgement of a message and all before it. */
  acknowledged(message: ConsumeMessage): void {
    this.#acknowledged = offsetIn(message) ?? this.#acknowledged
  }

  /** Goes back to the last acknowledged message, for a new channel on which the rest must come again. */
  reset(): void {
    this.#delivered = this.#acknowledged
  }

  /**
   * Forgets the offsets in message headers when the broker refuses to read the queue, which is not a stream,
   * from one.
   */
  refused(error: unknown): void {
    if (this.#isStream || !/invalid arg 'x-stream-offset'/.test(brokerText(error))) return
    this.#first = this.#delivered = this.#acknowledged = undefined
  }

  /** Returns the consumer arguments for reading on from this position. */
  asArguments(): { [name: string]: unknown } {
    const from = this.#delivered === undefined ? (this.#first ?? this.#asConfigured) : this.#delivered + 1
    if (from === undefined) return {}
    if (typeof from !== 'object') return { 'x-stream-offset': from }
    return { 'x-stream-offset': { '!': 'timestamp', value: from.sinceS } }
  }
}

/**
 * Returns the offset in a message's header. A publisher may have set it on any message; streams always set
 * it.
 */
function offsetIn({ properties }: ConsumeMessage): number | undefined {
  const offset = properties.headers?.['x-stream-offset']
  return typeof offset === 'number' ? offset : undefined
}
