import type { Delivery } from '../broker/broker.ts'
import { GivenBack, type Progress } from './given-back.ts'

/** A batch between the buffer and its acknowledgement. */
export type BatchInHand = {
  deliveries: readonly Delivery[]
  /** when it was taken, by performance.now() */
  readonly since: number
  progress: Progress | undefined
  /** its channel is gone: the broker delivers its messages again */
  isLost: boolean
}

/** The batches that are taken out of the buffer and not yet stored, in order, and how far those came that were lost. */
export class BatchesInHand {
  readonly #batches: BatchInHand[] = []
  readonly #givenBack = new GivenBack()

  get count(): number {
    return this.#batches.length
  }

  /** For how long, in ms, the oldest batch has been in hand; 0 when there is none. */
  get oldestMs(): number {
    const [oldest] = this.#batches
    return oldest ? performance.now() - oldest.since : 0
  }

  add(deliveries: readonly Delivery[]): BatchInHand {
    const batch = { deliveries, since: performance.now(), progress: undefined, isLost: false }
    this.#batches.push(batch)
    return batch
  }

  /** Notes how far a batch has come; where its messages will come again, that need not be done twice. */
  note(batch: BatchInHand, progress: Progress): void {
    batch.progress = progress
    if (batch.isLost) this.#givenBack.note(batch.deliveries, progress)
  }

  /** Ends the oldest batch, which is stored. */
  finish(batch: BatchInHand): void {
    this.#batches.shift()
    this.note(batch, 'stored')
    if (!batch.isLost) this.#givenBack.forget(batch.deliveries)
  }

  /** Marks all as lost: their channel is gone. */
  lose(): void {
    for (const batch of this.#batches) {
      batch.isLost = true
      if (batch.progress) this.#givenBack.note(batch.deliveries, batch.progress)
    }
  }

  /** Returns what was done with a message before it was lost; undefined for a message that was never here. */
  progressOf(delivery: Delivery): Progress | undefined {
    return this.#givenBack.progressOf(delivery)
  }
}
