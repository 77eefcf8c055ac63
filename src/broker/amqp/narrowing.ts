import { bodyDigest } from '../../domain/hash.ts'

/** After so many channels in a row were lost without an acknowledgement, messages are read one at a time. */
const LOST_TOGETHER = 2
/** After so many channels were lost with the same message alone at hand, the message is set aside. */
const LOST_ALONE = 2

/**
 * Finds a message that costs its channel whenever it is delivered. After some such losses messages are read
 * one at a time. A message that still costs the channel when it is alone is delivered with a fault.
 */
export class Narrowing {
  #delivered = 0
  #acknowledged = 0
  #losses = 0
  /** how many messages must be acknowledged one by one before the prefetch applies again; 0: it applies */
  #left = 0
  #alone: string | undefined
  #lossesAlone = 0

  get isNarrow(): boolean {
    return this.#left > 0
  }

  /** Called when a new channel is opened: counting begins again. */
  opened(): void {
    this.#delivered = 0
    this.#acknowledged = 0
  }

  /** Records a delivery. Returns the fault for which it must be set aside; undefined when there is none. */
  delivered(body: Buffer): string | undefined {
    this.#delivered++
    if (!this.isNarrow) return undefined
    const digest = bodyDigest(body)
    if (digest !== this.#alone) this.#lossesAlone = 0
    this.#alone = digest
    if (this.#lossesAlone < LOST_ALONE) return undefined
    return `the channel was lost ${this.#losses} times with this message at hand, ${this.#lossesAlone} times with it alone`
  }

  /** Records an acknowledgement. Returns whether the prefetch applies again from now on. */
  acknowledged(): boolean {
    this.#acknowledged++
    this.#losses = 0
    this.#lossesAlone = 0
    if (!this.isNarrow) return false
    return --this.#left === 0
  }

  /** Records the loss of the channel. Returns whether messages are read one at a time from now on. */
  lost(): boolean {
    const isSuspicious = this.isNarrow
      ? this.#delivered > this.#acknowledged
      : this.#delivered > 0 && this.#acknowledged === 0
    if (!isSuspicious) return false
    this.#losses++
    if (this.isNarrow) {
      this.#lossesAlone++
      return false
    }
    if (this.#losses < LOST_TOGETHER) return false
    this.#left = this.#delivered
    this.#lossesAlone = 0
    this.#alone = undefined
    return true
  }
}
