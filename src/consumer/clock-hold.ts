import type { Delivery } from '../broker/broker.ts'
import type { BatchMark, IntakeClock } from '../clock/event-clock.ts'
import type { Micros } from '../domain/time.ts'
import type { NumberedReports } from '../store/ports/watermarks.ts'
import { arrivalOf, type Prepared } from './prepared.ts'

const NONE = Number.POSITIVE_INFINITY

/**
 * Holds the event clock back for the messages of one queue that are at hand and not stored yet. Redelivered
 * messages may be older than all that is stored: the clock gets the timestamp of the oldest of them, or 0
 * while some have not been read.
 */
export class ClockHold {
  readonly #clock: IntakeClock
  readonly #queue: string
  /** how many redelivered messages are in the buffer or being prepared */
  #returnedUnread = 0
  /** the batches that are prepared and not yet stored, in order */
  readonly #unstored: {
    /** the timestamp of the oldest redelivered message of the batch */
    readonly oldestReturned: Micros
    readonly mark: BatchMark
  }[] = []

  /** `isFull` returns whether more messages wait in the queue than the broker may deliver. */
  constructor(clock: IntakeClock, queue: string, isFull: () => boolean) {
    this.#clock = clock
    this.#queue = queue
    clock.reads(queue, isFull)
  }

  reading(isReading: boolean): void {
    this.#clock.reading(this.#queue, isReading)
  }

  delivered(delivery: Delivery): void {
    this.#clock.hold(this.#queue)
    if (delivery.redelivered && ++this.#returnedUnread === 1) this.#holdReturned()
  }

  /** Called when the deliveries of a batch were read. `prepared` holds those that stay in the batch. */
  read(deliveries: readonly Delivery[], prepared: readonly Prepared[]): void {
    this.#unstored.push({
      oldestReturned: oldestReturned(prepared),
      mark: this.#clock.prepared(this.#queue),
    })
    this.#returnedUnread -= countReturned(deliveries)
    this.#holdReturned()
  }

  /** Returns the positions that are to be stored together with the oldest batch; undefined: none are. */
  reportsOfOldest(): (() => NumberedReports) | undefined {
    return this.#clock.reportsAfter(this.#queue, this.#unstored[0]?.mark)
  }

  /** Called when the oldest batch, `batch`, is stored. */
  stored(batch: readonly Prepared[]): void {
    const last = batch.findLast((prepared) => arrivalOf(prepared) !== undefined)
    const mark = this.#unstored.shift()?.mark
    this.#clock.storedUpTo(this.#queue, last && arrivalOf(last)?.at, mark)
    this.#holdReturned()
  }

  /** Called when unread deliveries go back to the queue. */
  dropped(deliveries: readonly Delivery[]): void {
    this.#returnedUnread -= countReturned(deliveries)
    this.#holdReturned()
  }

  /**
   * Called when messages at hand or on their way go to other consumers, who must get them before the clock
   * goes on.
   */
  gaveBack(): void {
    this.#clock.gaveBack(this.#queue)
  }

  /** Called when no message of the queue is at hand any more. */
  release(): void {
    this.#clock.release(this.#queue)
  }

  #holdReturned(): void {
    const oldest =
      this.#returnedUnread > 0 ? 0 : Math.min(...this.#unstored.map(({ oldestReturned }) => oldestReturned))
    this.#clock.holdReturned(this.#queue, oldest === NONE ? undefined : oldest)
  }
}

function countReturned(deliveries: readonly Delivery[]): number {
  return deliveries.filter(({ redelivered }) => redelivered).length
}

function oldestReturned(batch: readonly Prepared[]): Micros {
  return batch.reduce((oldest, prepared) => {
    const arrival = prepared.delivery.redelivered ? arrivalOf(prepared) : undefined
    return arrival ? Math.min(oldest, arrival.event.timestamp) : oldest
  }, NONE)
}
