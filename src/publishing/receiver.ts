import { TransientError } from '../domain/errors.ts'
import type { Outage } from '../runtime/outage.ts'

/**
 * A server was reached and did not accept an item. The fault may be the item's or the server's; whether the
 * server accepts other items decides.
 */
export class UntakenError extends TransientError {
  /** Whether the server asked for a later attempt, so that accepted others say nothing about this item. */
  readonly isForLater: boolean

  constructor(
    message: string,
    { isForLater = false, ...options }: { isForLater?: boolean; cause?: unknown } = {},
  ) {
    super(message, options)
    this.isForLater = isForLater
  }
}

/** When this many items fail and none is accepted since, the server counts as away, whatever it responds. */
export const DOUBTFUL = 3

/**
 * Tracks whether a receiver accepts other items while it does not accept one. A receiver that accepts nothing
 * is away, and its failures say nothing about the items.
 */
export class Receiver {
  /** the name of the receiver in the log */
  readonly name: string
  /** the outage during which the receiver accepts nothing */
  readonly outage: Outage
  /** how many items were accepted */
  #taken = 0
  /** how many lone items were given up since one was accepted */
  #givenUp = 0
  /** trials that have failed while nothing else was accepted */
  readonly #unclear = new Set<Trial>()

  constructor(name: string, outage: Outage) {
    this.name = name
    this.outage = outage
  }

  get taken(): number {
    return this.#taken
  }

  /** Whether an item was accepted before and not several were given up since. */
  get wasGood(): boolean {
    return this.#taken > 0 && this.#givenUp < DOUBTFUL - 1
  }

  /** Whether several items fail and nothing is accepted. */
  get isDoubtful(): boolean {
    return this.#unclear.size >= DOUBTFUL
  }

  /** Called when an item was accepted: those that failed before and still fail are at fault themselves. */
  took(): void {
    this.#taken++
    this.#givenUp = 0
    for (const trial of this.#unclear) trial.passedBy()
    this.#unclear.clear()
  }

  /** Called when a trial has failed and nothing was accepted since it began. */
  isUnclear(trial: Trial): void {
    this.#unclear.add(trial)
  }

  /** Called when a trial no longer fails, or when its failures are its own. */
  isClear(trial: Trial): void {
    this.#unclear.delete(trial)
  }

  /** Called when a lone item is given up because others were accepted before it. */
  gaveUp(): void {
    this.#givenUp++
  }
}

export type TrialOptions = {
  /** called once when others are accepted while this item is not */
  readonly waitsAlone?: (() => void) | undefined
  /** `since` of the whole that this item is a part of; undefined: the trial counts from now */
  readonly since?: number | undefined
  /**
   * returns whether almost nothing else is sent until this item is done, so that earlier successes count as
   * well
   */
  readonly isLone?: (() => boolean) | undefined
}

/** The attempts to send one item, until it is accepted or known to be at fault itself. */
export class Trial {
  readonly #receiver: Receiver
  readonly #options: TrialOptions
  /** how many items the receiver had accepted when this one was first sent */
  readonly since: number
  #isPassedBy = false
  #failures = 0

  constructor(receiver: Receiver, options: TrialOptions = {}) {
    this.#receiver = receiver
    this.#options = options
    this.since = options.since ?? receiver.taken
  }

  /** Whether others are accepted while this item is not. */
  get isPassedBy(): boolean {
    return this.#isPassedBy
  }

  /** How often this item was not accepted while others were. */
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

  /** Called when another item was accepted since this one was sent. */
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
