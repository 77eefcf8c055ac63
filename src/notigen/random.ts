/** A seeded source of choices: the same seed gives the same sequence on every machine (integers only). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 32 random bits. Source: mulberry32 by Tommy Ettinger, public domain. */
  #bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let bits = this.#state
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return (bits ^ (bits >>> 14)) >>> 0
  }

  /** A whole number from min to max, both included. */
  int(min: number, max: number): number {
    const span = max - min + 1
    return (
      min +
      (span <= 0xffffffff ? this.#bits() % span : (this.#bits() * 0x100000 + (this.#bits() >>> 12)) % span)
    )
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T
  }

  /** One of the names, as often as their weights say. */
  weighted<T extends string>(weights: { readonly [name in T]: number }): T {
    const entries = Object.entries(weights) as [T, number][]
    let at = this.int(
      1,
      entries.reduce((sum, [, weight]) => sum + weight, 0),
    )
    for (const [name, weight] of entries) {
      at -= weight
      if (at <= 0) return name
    }
    return (entries[0] as [T, number])[0]
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.#bits().toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }

  /** A version 4 UUID. */
  uuid(): string {
    const hex = this.hex(32)
    const variant = '89ab'[this.int(0, 3)]
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}
