import type { ConsumeMessage } from 'amqplib'
import type { StreamOffset } from '../../domain/queue-spec.ts'

/**
 * How far a stream has been read by this process. The broker does not remember it: reading that begins anew would
 * begin where the configuration says. Messages of other queues have no offset, and leave it as it is.
 */
export class StreamPosition {
  readonly #start: StreamOffset | undefined
  #delivered: number | undefined
  #acknowledged: number | undefined

  constructor(start: StreamOffset | undefined) {
    this.#start = start
  }

  delivered(message: ConsumeMessage): void {
    this.#delivered = offsetOf(message) ?? this.#delivered
  }

  /** All up to this one. */
  acknowledged(message: ConsumeMessage): void {
    this.#acknowledged = offsetOf(message) ?? this.#acknowledged
  }

  /** The channel is another: what was not acknowledged is to come again. */
  reset(): void {
    this.#delivered = this.#acknowledged
  }

  /** Arguments for reading on. */
  asArguments(): { [name: string]: unknown } {
    const from = this.#delivered === undefined ? this.#start : this.#delivered + 1
    if (from === undefined) return {}
    if (typeof from !== 'object') return { 'x-stream-offset': from }
    return { 'x-stream-offset': { '!': 'timestamp', value: from.sinceS } }
  }
}

function offsetOf({ properties }: ConsumeMessage): number | undefined {
  const offset = properties.headers?.['x-stream-offset']
  return typeof offset === 'number' ? offset : undefined
}
