import { InvalidError } from '../../domain/errors.ts'
import { type DeliveryContext, deliver, TogetherError, type Waits } from '../../publishing/deliver.ts'
import type { Receiver } from '../../publishing/receiver.ts'
import { allEnded } from '../../runtime/all-ended.ts'

/** The items that one run adds to a batch, and how to settle the run once they are delivered or refused. */
type Share<T> = {
  readonly items: readonly T[]
  readonly waitsAlone: (() => void) | undefined
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export type GatheringOptions<T> = {
  /** most items of one batch; a run with more sends several */
  readonly size: number
  /** longest wait for more items, ms */
  readonly waitMs: number
  /** most batches that are sent at the same time */
  readonly parallel: number
  /** Sends a batch once; rejects with InvalidError when it is refused. */
  readonly send: (items: readonly T[]) => Promise<void>
  readonly receiver: Receiver
  readonly waits: Waits
  readonly context: DeliveryContext
}

/**
 * A batch or a part of one. `since` is how much the receiver had accepted when the whole batch was first
 * sent.
 */
type Part<T> = { readonly shares: readonly Share<T>[]; readonly since?: number | undefined }

/**
 * Gathers the items that runs of streams send into batches. A refused batch is sent again share by share, and
 * a batch that is not accepted is halved, so that no run suffers from the items of another. Batches that wait
 * to be sent again do not delay new ones.
 */
export class Gathering<T> {
  readonly #options: GatheringOptions<T>
  #waiting: Share<T>[] = []
  #sending = 0
  /** how many of `#sending` are sent again */
  #sendingAgain = 0
  /** starts the batches that wait to be sent again, in order */
  readonly #again: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(options: GatheringOptions<T>) {
    this.#options = options
  }

  /**
   * Adds the items of a run. Resolves when all are delivered; rejects when some were refused, after the
   * others are.
   */
  async add(items: readonly T[], waitsAlone?: () => void): Promise<void> {
    const { size } = this.#options
    const chunks: Promise<void>[] = []
    for (let at = 0; at < items.length; at += size) {
      const chunk = items.slice(at, at + size)
      chunks.push(
        new Promise((resolve, reject) => this.#waiting.push({ items: chunk, waitsAlone, resolve, reject })),
      )
    }
    this.#look()
    await allEnded(chunks)
  }

  #look(): void {
    const { size, waitMs, parallel } = this.#options
    while (this.#sending < parallel && count(this.#waiting) >= size) this.#flush()
    if (this.#waiting.length > 0 && this.#timer === undefined) {
      // While nothing is being sent, wait only for items of the same moment.
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
    let isFirst = true
    const send = async (items: readonly T[]) => {
      if (!isFirst) return this.#sendAgain(items)
      isFirst = false
      try {
        await this.#options.send(items)
      } finally {
        this.#sending--
        this.#goOn()
      }
    }
    void this.#deliver({ shares: batch }, send).finally(() => {
      // A worker that stops ends the delivery without an attempt.
      if (isFirst) this.#sending--
      this.#look()
    })
  }

  async #deliver({ shares, since }: Part<T>, send: (items: readonly T[]) => Promise<void>): Promise<void> {
    const { receiver, waits, context } = this.#options
    const [first] = shares
    try {
      await deliver(
        receiver,
        { attempt: () => send(shares.flatMap(({ items }) => items)), count: shares.length, since },
        waits,
        { ...context, waitsAlone: first?.waitsAlone },
      )
      for (const { resolve } of shares) resolve()
    } catch (error) {
      const parts = error instanceof InvalidError ? partsOf(shares, error) : []
      if (parts.length < 2) for (const { reject } of shares) reject(error)
      else await Promise.all(parts.map((part) => this.#deliver(part, (items) => this.#sendAgain(items))))
    }
  }

  async #sendAgain(items: readonly T[]): Promise<void> {
    if (this.#mayAgain()) this.#beginAgain()
    else await new Promise<void>((resolve) => this.#again.push(resolve))
    try {
      await this.#options.send(items)
    } finally {
      this.#sending--
      this.#sendingAgain--
      // New batches take turns with those that are sent again.
      if (this.#sending < this.#options.parallel) this.#flush()
      this.#goOn()
    }
  }

  /**
   * Whether a batch may be sent again now. One lane stays free, since batches that always hang must not block
   * new ones.
   */
  #mayAgain(): boolean {
    const { parallel } = this.#options
    return this.#sending < parallel && this.#sendingAgain < Math.max(parallel - 1, 1)
  }

  #beginAgain(): void {
    this.#sending++
    this.#sendingAgain++
  }

  #goOn(): void {
    while (this.#again.length > 0 && this.#mayAgain()) {
      this.#beginAgain()
      this.#again.shift()?.()
    }
    this.#look()
  }
}

/**
 * Splits a batch that failed: into single shares when it was refused, into halves when it was not accepted as
 * a whole.
 */
function partsOf<T>(shares: readonly Share<T>[], error: InvalidError): readonly Part<T>[] {
  if (!(error instanceof TogetherError)) return shares.map((share) => ({ shares: [share] }))
  const middle = shares.length >> 1
  const halves = [shares.slice(0, middle), shares.slice(middle)]
  return halves.map((half) => ({ shares: half, since: error.since }))
}

function count(shares: readonly { readonly items: readonly unknown[] }[]): number {
  return shares.reduce((sum, { items }) => sum + items.length, 0)
}
