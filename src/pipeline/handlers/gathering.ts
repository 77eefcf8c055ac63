import { InvalidError } from '../../domain/errors.ts'
import { type DeliveryContext, deliver, TogetherError, type Waits } from '../../publishing/deliver.ts'
import type { Receiver } from '../../publishing/receiver.ts'
import { allEnded } from '../../runtime/all-ended.ts'

/** What one run adds to a batch: all of it is sent, or the run is told why not. */
type Share<T> = {
  readonly items: readonly T[]
  readonly waitsAlone: (() => void) | undefined
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
  /** Sends a batch once; rejects with InvalidError when it is refused. */
  readonly send: (items: readonly T[]) => Promise<void>
  readonly receiver: Receiver
  readonly waits: Waits
  readonly context: DeliveryContext
}

/** A batch or a part of one: how much the receiver had taken when the whole was sent first. */
type Part<T> = { readonly shares: readonly Share<T>[]; readonly since?: number | undefined }

/**
 * Gathers what runs of streams have to send into batches. One that is refused is sent again share by share, and one
 * that is not taken is halved, so that no run suffers from the items of another. What waits to be sent again holds up
 * nothing that was not sent yet.
 */
export class Gathering<T> {
  readonly #options: GatheringOptions<T>
  #waiting: Share<T>[] = []
  #sending = 0
  /** of those that are sent: what was sent before */
  #sendingAgain = 0
  /** what wants to be sent again, in its turn */
  readonly #again: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(options: GatheringOptions<T>) {
    this.#options = options
  }

  /** Resolves when all items are delivered; rejects when some were refused, the others being delivered. */
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
      // A worker that stops gives up without an attempt.
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
      // What was not sent yet takes turns with what was.
      if (this.#sending < this.#options.parallel) this.#flush()
      this.#goOn()
    }
  }

  /** What hangs each time it is sent must not hang up what was not sent yet. */
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

/** Those that are refused together go one by one; those that are not taken together in halves. */
function partsOf<T>(shares: readonly Share<T>[], error: InvalidError): readonly Part<T>[] {
  if (!(error instanceof TogetherError)) return shares.map((share) => ({ shares: [share] }))
  const middle = shares.length >> 1
  const halves = [shares.slice(0, middle), shares.slice(middle)]
  return halves.map((half) => ({ shares: half, since: error.since }))
}

function count(shares: readonly { readonly items: readonly unknown[] }[]): number {
  return shares.reduce((sum, { items }) => sum + items.length, 0)
}
