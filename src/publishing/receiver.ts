import { TransientError } from '../domain/errors.ts'
import type { Outage } from '../runtime/outage.ts'

/**
 * A server was there and did not take what it was sent: an error that may be of the thing itself or of the server.
 * What it takes of others tells.
 */
export class UntakenError extends TransientError {
  /** It was told to come later: that others are taken says nothing of what it is. */
  readonly isForLater: boolean

  constructor(
    message: string,
    { isForLater = false, ...options }: { isForLater?: boolean; cause?: unknown } = {},
  ) {
    super(message, options)
    this.isForLater = isForLater
  }
}

/** So many that fail, and nothing taken since: the server is away, whatever it answers. */
export const DOUBTFUL = 3

/**
 * What is known of one receiver: whether it takes others while it does not take one thing. A receiver that takes
 * nothing is away, and says nothing about what it was sent.
 */
export class Receiver {
  /** as it is named in the log */
  readonly name: string
  /** it takes nothing */
  readonly outage: Outage
  /** how much it has taken */
  #taken = 0
  /** lone things that were given up since it took something */
  #givenUp = 0
  /** those that have failed while nothing else was taken */
  readonly #unclear = new Set<Trial>()

  constructor(name: string, outage: Outage) {
    this.name = name
    this.outage = outage
  }

  get taken(): number {
    return this.#taken
  }

  /** It took something before, and has not refused several since. */
  get wasGood(): boolean {
    return this.#taken > 0 && this.#givenUp < DOUBTFUL - 1
  }

  /** Several things fail, and nothing is taken. */
  get isDoubtful(): boolean {
    return this.#unclear.size >= DOUBTFUL
  }

  /** It has taken something: those that failed before, and still do, fail by themselves. */
  took(): void {
    this.#taken++
    this.#givenUp = 0
    for (const trial of this.#unclear) trial.passedBy()
    this.#unclear.clear()
  }

  /** Nothing has been taken since this failed. */
  isUnclear(trial: Trial): void {
    this.#unclear.add(trial)
  }

  /** This fails no more, or its failures are its own. */
  isClear(trial: Trial): void {
    this.#unclear.delete(trial)
  }

  /** A lone thing is given up because of what was taken before it. */
  gaveUp(): void {
    this.#givenUp++
  }
}

export type TrialOptions = {
  /** told once that others are taken while this is not */
  readonly waitsAlone?: (() => void) | undefined
  /** of the whole that this is a part of: what was taken since that was sent was taken since this was */
  readonly since?: number | undefined
  /** whether next to nothing else is sent until this is done: what was taken before speaks for the receiver too */
  readonly isLone?: (() => boolean) | undefined
}

/** What becomes of one thing that is sent until it is taken, or is told apart as one that its receiver refuses. */
export class Trial {
  readonly #receiver: Receiver
  readonly #options: TrialOptions
  /** how much had been taken when this was sent first */
  readonly since: number
  #isPassedBy = false
  #failures = 0

  constructor(receiver: Receiver, options: TrialOptions = {}) {
    this.#receiver = receiver
    this.#options = options
    this.since = options.since ?? receiver.taken
  }

  /** Others are taken while this is not. */
  get isPassedBy(): boolean {
    return this.#isPassedBy
  }

  /** How often it was not taken while others were. */
  get failures(): number {
    return this.#failures
  }

  failed(error: unknown): void {
    const receiver = this.#receiver
    if (receiver.taken > this.since || (this.#isLone() && receiver.wasGood)) this.passedBy()
    else receiver.isUnclear(this)
    const isOwn = error instanceof UntakenError && !error.isForLater
    if (this.#isPassedBy && isOwn && !receiver.isDoubtful) this.#failures++
  }

  /** Something else was taken since it was sent. */
  passedBy(): void {
    if (this.#isPassedBy) return
    this.#isPassedBy = true
    this.#receiver.isClear(this)
    this.#options.waitsAlone?.()
  }

  took(): void {
    this.ended()
    this.#receiver.took()
  }

  refused(): void {
    this.ended()
    if (this.#isLone()) this.#receiver.gaveUp()
  }

  ended(): void {
    this.#receiver.isClear(this)
  }

  #isLone(): boolean {
    return this.#options.isLone?.() ?? false
  }
}
