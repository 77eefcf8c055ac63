import type { Delivery } from '../broker/broker.ts'
import type { IntakeClock } from '../clock/event-clock.ts'
import { decodeNotification } from '../distiller/decode-notification.ts'
import { timeOfDecoded } from '../distiller/time-of-body.ts'
import type { Micros } from '../domain/time.ts'
import { sleep } from '../runtime/backoff.ts'
import { plainBody } from './body/plain-body.ts'
import type { DeliveryBuffer } from './delivery-buffer.ts'

export type FirstTimeOptions = {
  readonly clock: IntakeClock
  readonly queue: string
  /** the deliveries that are in no batch yet */
  readonly buffer: Pick<DeliveryBuffer, 'deliveries' | 'arrived'>
  readonly maxMessageBytes: number
  /** ends the wait */
  readonly signal: AbortSignal
}

/** Longest wait for a message with a time while no time is known at all, ms. */
const LONGEST_MS = 2000
const LOOK_MS = 200

/**
 * Finds the time of a queue of which none is known. A message without a time gets that time: with the present or
 * 1970 instead, its stream might expire at once.
 */
export class FirstTime {
  readonly #options: FirstTimeOptions
  /** messages with a time were waited for in vain */
  #isTimeless = false

  constructor(options: FirstTimeOptions) {
    this.#options = options
  }

  /** Tells the clock the time of the first message that has one, and waits for such a message for a while. */
  async find(deliveries: readonly Delivery[]): Promise<void> {
    const { clock, queue, buffer, maxMessageBytes, signal } = this.#options
    const isUnknown = () => clock.now() === 0 || clock.isUnknown(queue)
    const deadline = performance.now() + (clock.now() === 0 ? LONGEST_MS : LONGEST_MS / 4)
    while (isUnknown() && !signal.aborted) {
      const buffered = buffer.deliveries
      const time = firstTimeOf([...deliveries, ...buffered], maxMessageBytes)
      if (time !== undefined) {
        this.#isTimeless = false
        return clock.foresee(queue, time)
      }
      // A queue whose messages tell no time is not waited for again.
      if (this.#isTimeless || performance.now() > deadline) {
        this.#isTimeless = true
        return
      }
      await Promise.race([buffer.arrived(buffered.length + 1), sleep(LOOK_MS, signal)])
    }
  }
}

/**
 * Returns the time of the first message that has one. Skips messages that cannot be read.
 */
function firstTimeOf(deliveries: readonly Delivery[], maxMessageBytes: number): Micros | undefined {
  for (const { body, fault, properties } of deliveries) {
    if (fault !== undefined || body.length > maxMessageBytes) continue
    const plain = plainBody(body, properties, maxMessageBytes)
    const decoded = plain.ok ? decodeNotification(plain.body) : undefined
    const time = timeOfDecoded(decoded)
    if (time !== undefined) return time
  }
  return undefined
}
