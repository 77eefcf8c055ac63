import type { QueueArguments, StreamOffset } from '../queue-spec.ts'
import type { Content, QueuedMessage, QueueReader } from './queue-reader.ts'

type Written = Content & { readonly atMs: number }

/** The units of `x-max-age`, s. RabbitMQ counts a year as 365 days and a month as 30. */
const UNITS_S: { readonly [unit: string]: number } = {
  Y: 31_536_000,
  M: 2_592_000,
  D: 86_400,
  h: 3600,
  m: 60,
  s: 1,
}

/**
 * A stream in memory: a log with any number of readers, each at its own position. It keeps as many messages
 * as `x-max-length-bytes` and `x-max-age` allow.
 */
export class MemoryStream {
  readonly #maxBytes: number
  readonly #maxAgeMs: number
  readonly #log: Written[] = []
  /** the offset of the oldest message that is kept */
  #first = 0
  #bytes = 0
  /** functions that each deliver to one reader as many messages as its prefetch allows */
  readonly #readers = new Set<() => void>()

  constructor(args: QueueArguments = {}) {
    const [, count, unit = ''] = /^(\d+)([YMDhms])$/.exec(args['x-max-age'] ?? '') ?? []
    this.#maxBytes = args['x-max-length-bytes'] ?? Number.POSITIVE_INFINITY
    this.#maxAgeMs = count ? Number(count) * (UNITS_S[unit] ?? 0) * 1000 : Number.POSITIVE_INFINITY
  }

  append(message: Content): void {
    const atMs = Date.now()
    this.#log.push({ ...message, atMs })
    this.#bytes += message.body.length
    while (this.#bytes > this.#maxBytes || (this.#log[0]?.atMs ?? atMs) < atMs - this.#maxAgeMs) {
      this.#bytes -= this.#log.shift()?.body.length ?? 0
      this.#first++
    }
    for (const deliver of this.#readers) deliver()
  }

  /**
   * Calls `deliver` with the messages from `start` on, in a later microtask, at most `prefetch`
   * unacknowledged.
   */
  read(start: StreamOffset, prefetch: number, deliver: (message: QueuedMessage) => void): QueueReader {
    let most = prefetch
    let next = this.#offsetOf(start)
    let goOnAt = next
    let [delivered, acknowledged] = [0, 0]
    const deliverAll = () => {
      while (this.#readers.has(soon) && delivered - acknowledged < most) {
        next = Math.max(next, this.#first)
        const message = this.#log[next - this.#first]
        if (!message) return
        const [offset, number] = [next++, ++delivered]
        const ackUpTo = () => {
          acknowledged = Math.max(acknowledged, number)
          goOnAt = Math.max(goOnAt, offset + 1)
          soon()
        }
        deliver({ ...message, offset, redelivered: false, ackUpTo })
      }
    }
    const soon = () => queueMicrotask(deliverAll)
    this.#readers.add(soon)
    soon()
    return {
      setPrefetch: (count) => {
        most = count
        soon()
      },
      stop: () => {
        this.#readers.delete(soon)
        return goOnAt
      },
    }
  }

  #offsetOf(start: StreamOffset): number {
    const end = this.#first + this.#log.length
    if (typeof start === 'number') return start
    if (start === 'first') return this.#first
    if (start === 'next') return end
    if (start === 'last') return Math.max(this.#first, end - 1)
    const found = this.#log.findIndex(({ atMs }) => atMs >= start.sinceS * 1000)
    return found === -1 ? end : this.#first + found
  }
}
