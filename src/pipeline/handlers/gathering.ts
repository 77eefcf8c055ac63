import { InvalidError } from '../../domain/errors.ts'

/** What one run adds to a batch: all of it is sent, or the run is told why not. */
type Share<T> = {
  readonly items: readonly T[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export type GatheringOptions<T> = {
  /** most items of one batch; a run with more sends several */
  readonly size: number
  /** longest wait for more, ms */
  readonly waitMs: number
  /** batches that are sent at the same time */
  readonly parallel: number
  /** Sends a batch; rejects with InvalidError when it is refused. */
  readonly send: (items: readonly T[]) => Promise<void>
}

/**
 * Gathers what runs of streams have to send into batches. One that is refused is sent again share by share, so that
 * no run suffers from the items of another.
 */
export class Gathering<T> {
  readonly #options: GatheringOptions<T>
  #waiting: Share<T>[] = []
  #sending = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: GatheringOptions<T>) {
    this.#options = options
  }

  /** Resolves when all items are delivered; rejects when some were refused, the others being delivered. */
  async add(items: readonly T[]): Promise<void> {
    const { size } = this.#options
    const chunks: Promise<void>[] = []
    for (let at = 0; at < items.length; at += size) {
      const chunk = items.slice(at, at + size)
      chunks.push(new Promise((resolve, reject) => this.#waiting.push({ items: chunk, resolve, reject })))
    }
    this.#look()
    const ends = await Promise.allSettled(chunks)
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
  }

  #look(): void {
    const { size, waitMs, parallel } = this.#options
    while (this.#sending < parallel && count(this.#waiting) >= size) this.#flush()
    if (this.#waiting.length > 0 && this.#timer === undefined) {
      // Where nothing is on its way only what comes in this moment is waited for.
      const wait = this.#sending === 0 ? 0 : waitMs
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        if (this.#sending < parallel) this.#flush()
      }, wait)
    }
  }

  #flush(): void {
    const batch: Share<T>[] = []
    while (
      this.#waiting[0] &&
      (batch.length === 0 || count([...batch, this.#waiting[0]]) <= this.#options.size)
    ) {
      batch.push(this.#waiting.shift() as Share<T>)
    }
    if (batch.length === 0) return
    this.#sending++
    void this.#send(batch).finally(() => {
      this.#sending--
      this.#look()
    })
  }

  async #send(batch: readonly Share<T>[]): Promise<void> {
    try {
      await this.#options.send(batch.flatMap(({ items }) => items))
      for (const { resolve } of batch) resolve()
    } catch (error) {
      const isRefused = error instanceof InvalidError
      if (isRefused && batch.length > 1) for (const share of batch) await this.#send([share])
      else for (const { reject } of batch) reject(error)
    }
  }
}

function count(shares: readonly { readonly items: readonly unknown[] }[]): number {
  return shares.reduce((sum, { items }) => sum + items.length, 0)
}
