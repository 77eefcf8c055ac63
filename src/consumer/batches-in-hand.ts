import type { Delivery } from '../broker/broker.ts'
import { GivenBack, type Progress } from './given-back.ts'
import type { PrepareContext } from './prepare.ts'

/** By what a batch is prepared and stored, the same for all of it. */
export type IntakeRules = Pick<PrepareContext, 'distiller' | 'router'>

/** A batch between the buffer and its acknowledgement. */
export type BatchInHand = {
  deliveries: readonly Delivery[]
  readonly rules: IntakeRules
  /** when it was taken, by performance.now() */
  readonly since: number
  progress: Progress | undefined
  /** whether the channel is gone, so that the broker delivers the messages again */
  isLost: boolean
}

/**
 * Keeps the batches that are taken out of the buffer and not yet stored, in order, and the progress of
 * messages whose channel was lost.
 */
export class BatchesInHand {
  readonly #batches: BatchInHand[] = []
  readonly #givenBack = new GivenBack()

  get count(): number {
    return this.#batches.length
  }

  /** The number of messages in all batches. */
  get messages(): number {
    return this.#batches.reduce((sum, { deliveries }) => sum + deliveries.length, 0)
  }

  /** How long the oldest batch has been in hand, ms; 0 when there is none. */
  get oldestMs(): number {
    const [oldest] = this.#batches
    return oldest ? performance.now() - oldest.since : 0
  }

  add(deliveries: readonly Delivery[], rules: IntakeRules): BatchInHand {
    const batch = { deliveries, rules, since: performance.now(), progress: undefined, isLost: false }
    this.#batches.push(batch)
    return batch
  }

  /**
   * Records the progress of a batch. If it is lost, its messages need not be handled twice when they come
   * again.
   */
  note(batch: BatchInHand, progress: Progress): void {
    batch.progress = progress
    if (batch.isLost) this.#givenBack.note(batch.deliveries, progress)
  }

  /** Removes the oldest batch, `batch`, which is stored. */
  finish(batch: BatchInHand): void {
    this.#batches.shift()
    this.note(batch, 'stored')
    if (!batch.isLost) this.#givenBack.forget(batch.deliveries)
  }

  /** Marks all batches as lost, because their channel is gone. */
  lose(): void {
    for (const batch of this.#batches) {
      batch.isLost = true
      if (batch.progress) this.#givenBack.note(batch.deliveries, batch.progress)
    }
  }

  /**
   * Returns the progress of a message before its channel was lost; undefined for a message that was never
   * here.
   */
  progressOf(delivery: Delivery): Progress | undefined {
    return this.#givenBack.progressOf(delivery)
  }
}
