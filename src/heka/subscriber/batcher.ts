import type { Position } from '../stream/position.ts'

/** A message on its way: its bytes and where it stands. */
export type Taken = { readonly bytes: Buffer; readonly position: Position }

/** Lines that are posted together, and the messages they were made of. */
export type Batch = {
  readonly lines: Buffer
  readonly messages: readonly Taken[]
  /** where reading goes on when this batch and all before it are done */
  end: Position
}

export type BatcherOptions = {
  readonly size: number
  /** longest time of a message in a batch, ms */
  readonly timeoutMs: number
  readonly onBatch: (batch: Batch) => void
  /** Returns the lines that were written since the last call. */
  readonly takeLines: () => Buffer
}

/** Collects messages until there are enough of them, or the first has waited long enough. */
export class Batcher {
  readonly #options: BatcherOptions
  #messages: Taken[] = []
  #end: Position | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: BatcherOptions) {
    this.#options = options
  }

  /** Messages of the batch that is not full. */
  get length(): number {
    return this.#messages.length
  }

  /** Adds a message whose line was written. */
  add(message: Taken): void {
    this.#messages.push(message)
    this.passed({ offset: message.position.offset, index: message.position.index + 1 })
    const { size, timeoutMs } = this.#options
    if (this.#messages.length >= size) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), timeoutMs)
  }

  /** Says that all before this position is in the batch, or needs no line. */
  passed(end: Position): void {
    this.#end = end
  }

  /** Gives away what there is. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#end === undefined) return
    const [messages, end] = [this.#messages, this.#end]
    this.#messages = []
    this.#end = undefined
    this.#options.onBatch({ lines: this.#options.takeLines(), messages, end })
  }

  /** Forgets what there is. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#messages = []
    this.#end = undefined
    this.#options.takeLines()
  }
}
