import type { Delivery } from '../broker/broker.ts'
import { bodyDigest } from '../domain/hash.ts'

/** The progress of a message that went back to the queue: its archive line is on disk, or all is done. */
export type Progress = 'archived' | 'stored'

/**
 * Most messages that are remembered, more than are ever in hand. Messages that another consumer got stay
 * until they are the oldest.
 */
const MOST = 20_000

/**
 * Remembers the progress of messages whose channel was lost before they could be acknowledged. When they come
 * again they need not be archived, given to the apps and stored a second time.
 */
export class GivenBack {
  readonly #progress = new Map<string, Progress>()

  note(deliveries: readonly Delivery[], progress: Progress): void {
    for (const delivery of deliveries) {
      const name = nameOf(delivery)
      this.#progress.delete(name)
      this.#progress.set(name, progress)
    }
    for (const name of this.#progress.keys()) {
      if (this.#progress.size <= MOST) break
      this.#progress.delete(name)
    }
  }

  progressOf(delivery: Delivery): Progress | undefined {
    if (!delivery.redelivered || this.#progress.size === 0) return undefined
    return this.#progress.get(nameOf(delivery))
  }

  /** Forgets redelivered messages that are acknowledged. */
  forget(deliveries: readonly Delivery[]): void {
    if (this.#progress.size === 0) return
    for (const delivery of deliveries) if (delivery.redelivered) this.#progress.delete(nameOf(delivery))
  }
}

function nameOf({ body }: Delivery): string {
  return bodyDigest(body)
}
