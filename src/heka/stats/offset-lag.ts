import type { Broker } from '../../broker/broker.ts'
import type { QueueSpec } from '../../broker/queue-spec.ts'
import { sleep } from '../../runtime/backoff.ts'
import type { Service } from '../../runtime/lifecycle.ts'

const EVERY_MS = 10_000
/** A stream that sends nothing for so long holds nothing. */
const ANSWER_MS = 2000

export type OffsetLagOptions = {
  readonly broker: Broker
  readonly spec: QueueSpec
  /** Returns the offset of the first message that is not done; undefined where that is not known yet. */
  readonly next: () => number | undefined
  /** pause between two looks at the stream, ms (10,000) */
  readonly everyMs?: number
}

/**
 * Measures how many messages of AMQP a reader of a stream is behind. The end of the stream is that of the chunk that was
 * written last, of which only the first message is read: a reader may be behind by the rest of that chunk, too.
 */
export class OffsetLag implements Service {
  readonly #options: OffsetLagOptions
  readonly #stopping = new AbortController()
  #end: number | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(options: OffsetLagOptions) {
    this.#options = options
  }

  /** messages of AMQP that are not done, as of the last look at the end; 0 while that is not known */
  get messages(): number {
    const next = this.#options.next()
    return this.#end === undefined || next === undefined ? 0 : Math.max(0, this.#end + 1 - next)
  }

  async start(): Promise<void> {
    this.#looking = this.#look()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#looking
  }

  async #look(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      this.#end = (await this.#readEnd()) ?? this.#end
      await sleep(this.#options.everyMs ?? EVERY_MS, signal)
    }
  }

  /** Returns the offset of the first message of the last chunk. */
  async #readEnd(): Promise<number | undefined> {
    const { broker, spec } = this.#options
    const found = new AbortController()
    let end: number | undefined
    const subscription = broker.subscribe(
      { ...spec, streamOffset: 'last' },
      {
        prefetch: 1,
        onDelivery({ offset }) {
          end ??= offset
          found.abort()
        },
        onLost: () => {},
      },
    )
    await sleep(ANSWER_MS, AbortSignal.any([found.signal, this.#stopping.signal]))
    await subscription.close()
    return end
  }
}
