import { messageOf } from '../../domain/errors.ts'
import { Backoff } from '../../runtime/backoff.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import { maskSecrets } from '../../text/mask-secrets.ts'
import { every, type StatusClock } from '../status-clock.ts'
import { compactForm } from '../tree/encode.ts'
import type { Status } from '../tree/entry.ts'
import type { StatusChange, StatusModel } from '../tree/status-model.ts'
import { requestTo } from './request-to.ts'

export type Parent = {
  /** address to post to, used as it is given */
  readonly url: string
  /** name of this process there; it stands before all keys */
  readonly name: string
  readonly token?: string | undefined
  /** whether each change is sent at once, or only the whole model every 30 s; true by default */
  readonly eachChange?: boolean
}

type ParentLinkParts = {
  readonly model: StatusModel
  readonly clock: StatusClock
  readonly logger: Logger
  readonly parent: Parent
}

const WHOLE_MS = 30_000
/** A renewal is left out while the parent's copy holds until the whole model comes, and some time longer; ms. */
const SAFE_MS = WHOLE_MS + 5000
/** Up to this many changes that wait go one by one, as hermes sends them; more go together. */
const MOST_SINGLE = 32
const MOST_TOGETHER = 500
/** Most characters of the keys and values of one request. */
const LARGEST_REQUEST = 2 * 1024 * 1024
const LARGEST_ANSWER = 64 * 1024
/** After so many failures in a row changes wait for the next try. */
const DOWN_AFTER = 3
/** Up to this age a change whose origin is known counts as sent at once, seconds. */
const AT_ONCE_S = 0.1
const WAITS = { initialMs: 4000, maxMs: 30_000 }

/**
 * Creates the service that keeps a parent informed: the whole model at the start and every 30 s, with fresh ages, and
 * each change at once. After a failure the whole model is sent again after a growing wait, so that nothing is lost. One
 * request is under way at a time: of each key the last value arrives last.
 */
export function createParentLink(parts: ParentLinkParts): Service {
  const link = new ParentLink(parts)
  return { start: () => link.start(), stop: () => link.stop() }
}

class ParentLink {
  readonly #parts: ParentLinkParts
  readonly #ending = new AbortController()
  readonly #backoff = new Backoff(WAITS)
  readonly #outage: Outage
  /** changes to send, the last of each key */
  readonly #changes = new Map<string, Status>()
  /** when the parent's copy of a key is over, ms */
  readonly #copies = new Map<string, number>()
  #isWholeDue = false
  #failures = 0
  #sending: Promise<void> | undefined
  #stops: (() => void)[] = []
  #cancelRetry: (() => void) | undefined

  constructor(parts: ParentLinkParts) {
    this.#parts = parts
    const address = maskSecrets(parts.parent.url)
    this.#outage = new Outage(parts.logger, `the status parent ${address} takes reports again`)
  }

  async start(): Promise<void> {
    const { model, clock } = this.#parts
    this.#stops = [
      model.onChange((change) => this.#note(change)),
      every(clock, WHOLE_MS, () => this.#sendWhole()),
    ]
    this.#sendWhole()
  }

  /** Sends what has changed last, where the parent answers, and ends. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop()
    this.#cancelRetry?.()
    const timer = setTimeout(() => this.#ending.abort(), 1000)
    await this.#sending
    clearTimeout(timer)
    this.#ending.abort()
  }

  #note(change: StatusChange): void {
    if (change.kind === 'gone') {
      for (const key of change.keys) {
        this.#copies.delete(key)
        this.#changes.delete(key)
      }
      return
    }
    const { status, isRenewal } = change
    if (this.#parts.parent.eachChange === false || this.#failures >= DOWN_AFTER) return
    const copy = this.#copies.get(status.key) ?? 0
    if (isRenewal && copy > this.#parts.clock.now() + SAFE_MS) return
    this.#changes.set(status.key, status)
    this.#send()
  }

  #sendWhole(): void {
    this.#isWholeDue = true
    this.#send()
  }

  #send(): void {
    this.#sending ??= this.#sendAll().then((isDone) => {
      this.#sending = undefined
      // What came in the meantime has found this one still at work.
      if (isDone && (this.#isWholeDue || this.#changes.size > 0)) this.#send()
    })
  }

  /** Resolves to whether everything has arrived. */
  async #sendAll(): Promise<boolean> {
    // All changes of one request of a child are known before the first is sent.
    await Promise.resolve()
    while (!this.#ending.signal.aborted) {
      const isWhole = this.#isWholeDue
      const batches = isWhole ? this.#wholeModel() : this.#nextChanges()
      if (batches.length === 0) return true
      for (const batch of batches) {
        if (!(await this.#post(batch))) return this.#retryLater()
      }
      this.#failures = 0
      if (isWhole) this.#wholeArrived()
    }
    return false
  }

  #wholeModel(): readonly (readonly Status[])[] {
    this.#isWholeDue = false
    this.#changes.clear()
    // The parent drops what has less than a second left.
    const statuses = this.#parts.model.statuses().filter(({ age, ttl }) => ttl - age >= 1)
    const batches: Status[][] = [[]]
    let size = 0
    for (const status of statuses) {
      size += status.key.length + status.value.length
      if (size > LARGEST_REQUEST && batches.at(-1)?.length) {
        batches.push([])
        size = 0
      }
      batches.at(-1)?.push(status)
    }
    return batches
  }

  #nextChanges(): readonly (readonly Status[])[] {
    const most = this.#changes.size > MOST_SINGLE ? MOST_TOGETHER : 1
    const batch: Status[] = []
    let size = 0
    for (const [key, noted] of this.#changes) {
      size += key.length + noted.value.length
      if (batch.length >= most || (size > LARGEST_REQUEST && batch.length > 0)) break
      this.#changes.delete(key)
      batch.push(asNew(this.#parts.model.get(key) ?? noted))
    }
    return batch.length === 0 ? [] : [batch]
  }

  async #post(batch: readonly Status[]): Promise<boolean> {
    const { clock, parent } = this.#parts
    const { signal } = this.#ending
    const body = compactForm(batch, parent.name)
    const sentAt = clock.now()
    try {
      const { url, token } = parent
      const { status } = await requestTo({ url, token, body, mostBytes: LARGEST_ANSWER, clock, signal })
      if (status !== 200) throw new Error(`it answered ${status}, expected 200`)
      for (const { key, age, ttl } of batch) this.#copies.set(key, sentAt + Math.trunc(ttl - age) * 1000)
      return true
    } catch (error) {
      if (!signal.aborted)
        this.#outage.failed(`the status parent ${maskSecrets(parent.url)}: ${messageOf(error)}`)
      return false
    }
  }

  #wholeArrived(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#backoff.reset()
    this.#outage.over()
  }

  /** The whole model holds what was not sent: nothing has to be kept for it. */
  #retryLater(): false {
    this.#failures++
    this.#changes.clear()
    this.#copies.clear()
    this.#cancelRetry?.()
    if (!this.#ending.signal.aborted)
      this.#cancelRetry = this.#parts.clock.after(this.#backoff.next(), () => this.#sendWhole())
    return false
  }
}

/**
 * Returns a change as hermes sends it: with the age 0 where it is sent at once. hermes cuts what is left to whole seconds, and
 * would take a second for the moment that has passed.
 */
function asNew(status: Status): Status {
  return status.age < (status.since === undefined ? 1 : AT_ONCE_S) ? { ...status, age: 0 } : status
}
