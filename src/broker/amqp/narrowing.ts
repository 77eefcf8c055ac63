import { bodyDigest } from '../../domain/hash.ts'

/** Channels in a row that were lost with messages at hand and none acknowledged, after which one is read at a time. */
const LOST_TOGETHER = 2
/** And those that were lost with the same message alone at hand, after which it is set aside. */
const LOST_ALONE = 2

/**
 * The last defence against a message that costs its channel whenever it is delivered: after some such losses messages
 * are read one at a time, and one that goes on to cost the channel when it is alone comes with a fault.
 */
export class Narrowing {
  #delivered = 0
  #acknowledged = 0
  #losses = 0
  /** messages that are to be acknowledged one by one before many are read again; 0: many are */
  #left = 0
  #alone: string | undefined
  #lossesAlone = 0

  get isNarrow(): boolean {
    return this.#left > 0
  }

  /** Begins to count for another channel. */
  opened(): void {
    this.#delivered = 0
    this.#acknowledged = 0
  }

  /** Takes note of a delivery, and returns why it is to be set aside; undefined: it is not. */
  delivered(body: Buffer): string | undefined {
    this.#delivered++
    if (!this.isNarrow) return undefined
    const digest = bodyDigest(body)
    if (digest !== this.#alone) this.#lossesAlone = 0
    this.#alone = digest
    if (this.#lossesAlone < LOST_ALONE) return undefined
    return `the channel was lost ${this.#losses} times with this message at hand, ${this.#lossesAlone} times with it alone`
  }

  /** Takes note of an acknowledgement, and returns whether many may be read again from now on. */
  acknowledged(): boolean {
    this.#acknowledged++
    this.#losses = 0
    this.#lossesAlone = 0
    if (!this.isNarrow) return false
    return --this.#left === 0
  }

  /** Takes note that the channel was lost, and returns whether messages are read one at a time from now on. */
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
