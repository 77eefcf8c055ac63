import { statfsSync } from 'node:fs'

/** Per cent of a file system in use: above `high` space is made, down to `low`. */
export type Watermarks = { readonly high: number; readonly low: number }

/** Says on which file systems space is short. Once it is, it stays so until `low` is reached. */
export class DiskPressure {
  readonly #watermarks: Watermarks
  readonly #used: (path: string) => number
  readonly #pressed = new Set<string>()

  constructor(watermarks: Watermarks, used: (path: string) => number = percentUsed) {
    this.#watermarks = watermarks
    this.#used = used
  }

  /** Returns whether space is short where a path lies; `device` names its file system. */
  isShort(device: string, path: string): boolean {
    const { high, low } = this.#watermarks
    const used = this.#used(path)
    const isShort = this.#pressed.has(device) ? used > low : used > high
    if (isShort) this.#pressed.add(device)
    else this.#pressed.delete(device)
    return isShort
  }
}

/** Returns how much of a file system is in use, of what its users can have; 0 where that cannot be found. */
function percentUsed(path: string): number {
  try {
    const { blocks, bfree, bavail } = statfsSync(path)
    const used = blocks - bfree
    return (100 * used) / Math.max(1, used + bavail)
  } catch {
    return 0
  }
}
