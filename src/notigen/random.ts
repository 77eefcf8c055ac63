const HEX = Array.from({ length: 0x1_00_00 }, (_, value) => value.toString(16).padStart(4, '0'))

/** A seeded random source: the same seed gives the same sequence on every machine (integers only). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Returns 32 random bits. Source: mulberry32 by Tommy Ettinger, public domain. */
  #bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let bits = this.#state
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return (bits ^ (bits >>> 14)) >>> 0
  }

  /** Returns a whole number from min to max, both included. */
  int(min: number, max: number): number {
    if (max < min) throw new RangeError(`no number from ${min} to ${max}`)
    const span = max - min + 1
    return (
      min +
      (span <= 0xffffffff ? this.#bits() % span : (this.#bits() * 0x100000 + (this.#bits() >>> 12)) % span)
    )
  }

  /** Returns a number from 0 to below 1. */
  fraction(): number {
    return this.#bits() / 2 ** 32
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T
  }

  /**
   * Returns an item with a probability in proportion to its weight, a whole number; undefined when all
   * weights are 0.
   */
  weighted<T>(list: readonly T[], weightOf: (item: T) => number): T | undefined {
    const weights = list.map(weightOf)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    if (total === 0) return undefined
    let at = this.int(1, total)
    return list.find((_, index) => {
      at -= weights[index] as number
      return at <= 0
    })
  }

  /** Returns hexadecimal digits; `digits` must be a multiple of 4. */
  hex(digits: number): string {
    let text = ''
    while (text.length < digits) {
      const bits = this.#bits()
      text += HEX[bits & 0xffff]
      if (text.length < digits) text += HEX[bits >>> 16]
    }
    return text
  }

  /** Returns a version 4 UUID. */
  uuid(): string {
    const [a, b, c, d] = [this.#bits(), this.#bits(), this.#bits(), this.#bits()]
    const version = HEX[(b & 0x0fff) | 0x4000]
    const variant = HEX[(c & 0x3fff) | 0x8000]
    return `${HEX[a & 0xffff]}${HEX[a >>> 16]}-${HEX[b >>> 16]}-${version}-${variant}-${HEX[c >>> 16]}${HEX[d & 0xffff]}${HEX[d >>> 16]}`
  }
}
