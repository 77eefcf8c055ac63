import { InvalidError } from '../../domain/errors.ts'
import {
  DEFAULT_TTL_S,
  LONGEST_TTL_S,
  type ReceivedStatus,
  type RefusalReason,
  STATUS_LIMITS,
  type Status,
  type StatusLimits,
} from './entry.ts'
import { type Entry, EntryStore } from './entry-store.ts'
import { below, isFromRing, isKey, isTakenKey } from './keys.ts'
import { remainingOf } from './remaining.ts'

/** What has become of keys: one was stored, one came with no time left, or some are gone. */
export type StatusChange =
  | { readonly kind: 'stored' | 'over'; readonly status: Status; readonly isRenewal: boolean }
  | { readonly kind: 'gone'; readonly keys: readonly string[] }

export type StatusModelOptions = {
  /** Returns the time in ms of a clock that never jumps. */
  readonly now: () => number
  readonly limits?: Partial<StatusLimits>
  /** name by which the parent knows this process; keys that bear it already are refused */
  readonly name?: string
}

/** From whom keys are taken. */
export type StatusSource = {
  /** name that is put before each key */
  readonly name?: string
  /** what each key has to begin with, and `/` after it */
  readonly prefix?: string | undefined
}

export type StatusQuery = {
  readonly prefix?: string | undefined
  /** greatest age in seconds, since the report where that is known */
  readonly maxAge?: number | undefined
}

/** How far the end of a status may move, ms, while it still counts as the same report sent again. */
const SAME_END_MS = 1500

/**
 * The keys of a process and of all below it, with their values and times. Nothing that is over is returned.
 *
 * @example
 * const model = new StatusModel({ now: clock.now })
 * model.report('kiln.state', 'heating', 600)
 * model.get('kiln.state') // { key: 'kiln.state', value: 'heating', age: 0, ttl: 600, since: 0 }
 */
export class StatusModel {
  readonly #now: () => number
  readonly #limits: StatusLimits
  readonly #name: string
  readonly #entries: EntryStore
  readonly #refusals = new Map<RefusalReason, number>()
  readonly #listeners = new Set<(change: StatusChange) => void>()
  #index = 0

  constructor({ now, limits = {}, name = '' }: StatusModelOptions) {
    this.#now = now
    this.#limits = { ...STATUS_LIMITS, ...limits }
    this.#entries = new EntryStore(this.#limits)
    this.#name = name
  }

  /** Number of changes so far: each stored key, each removal, each sweep that found something. */
  get index(): number {
    return this.#index
  }

  /** Number of keys that are held. */
  get size(): number {
    return this.#entries.size
  }

  /** Returns how many keys and bodies were refused, by reason. */
  refusals(): ReadonlyMap<RefusalReason, number> {
    return this.#refusals
  }

  /** Counts what was refused. */
  refuse(reason: RefusalReason, count = 1): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + count)
  }

  /**
   * Stores a status that this process reports. A ttl of 0 or less stores nothing. Throws InvalidError for a key that breaks the
   * contract, and for one that is too long or that there is no room for.
   */
  report(key: string, value: string, ttl: number = DEFAULT_TTL_S): void {
    if (!isKey(key))
      throw new InvalidError(
        `the key ${JSON.stringify(key)} is none: expected parts of two letters, digits, _ or . at least, with / between them`,
      )
    if (Number.isNaN(ttl)) throw new InvalidError(`the ttl of ${key} is no number`)
    const entry = { key, value, ttl: Math.min(ttl, LONGEST_TTL_S), since: 0, isOwn: true }
    const reason = this.#boundsOf(key, value) ?? this.#put(entry)
    if (reason === undefined) return
    this.refuse(reason)
    throw new InvalidError(`the status ${key.slice(0, 100)} was not stored: ${reason}`)
  }

  /** Stores what another process has sent. Returns how many keys were refused; the others are stored. */
  take(received: readonly ReceivedStatus[], source: StatusSource = {}): number {
    let refused = 0
    for (const { key, status } of received) {
      const reason =
        status === null
          ? 'null'
          : (this.#faultOf(key, status.value, source) ?? this.#takeOne(key, status, source))
      if (reason === undefined) continue
      this.refuse(reason)
      refused++
    }
    return refused
  }

  /** Returns a status; undefined where there is none or it is over. */
  get(key: string): Status | undefined {
    const entry = this.#entries.get(key)
    const now = this.#now()
    return entry && entry.expiresAt > now ? statusAt(entry, now) : undefined
  }

  /** Returns the statuses that fit, in no order. */
  statuses({ prefix = '', maxAge = Number.POSITIVE_INFINITY }: StatusQuery = {}): Status[] {
    const now = this.#now()
    const found: Status[] = []
    for (const entry of this.#entries) {
      if (entry.expiresAt <= now || !entry.key.startsWith(prefix)) continue
      const status = statusAt(entry, now)
      if ((status.since ?? status.age) <= maxAge) found.push(status)
    }
    return found
  }

  /** Removes a status. Returns whether there was one. */
  remove(key: string): boolean {
    const entry = this.#entries.get(key)
    if (!entry) return false
    this.#entries.remove(entry)
    this.#index++
    this.#tell({ kind: 'gone', keys: [key] })
    return true
  }

  /** Removes what is over. Returns how many keys that were. */
  sweep(): number {
    const now = this.#now()
    const over: Entry[] = []
    for (const entry of this.#entries) if (entry.expiresAt <= now) over.push(entry)
    for (const entry of over) this.#entries.remove(entry)
    if (over.length === 0) return 0
    this.#index++
    this.#tell({ kind: 'gone', keys: over.map(({ key }) => key) })
    return over.length
  }

  /** Calls `listener` at each change from now on. Returns the function that ends it. */
  onChange(listener: (change: StatusChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Returns why a key of another process is not taken; undefined where nothing speaks against it. */
  #faultOf(key: string, value: string, { name = '', prefix }: StatusSource): RefusalReason | undefined {
    const whole = below(name, key)
    const excess = this.#boundsOf(whole, value)
    if (excess !== undefined) return excess
    if (!isTakenKey(key)) return 'contract'
    if (prefix !== undefined && !key.startsWith(`${prefix}/`)) return 'prefix'
    return isFromRing(whole, this.#name) ? 'ring' : undefined
  }

  #boundsOf(key: string, value: string): RefusalReason | undefined {
    if (key.length > this.#limits.keyLength) return 'key_length'
    if (value.length > this.#limits.valueLength) return 'value_length'
    return key.split('/').length > this.#limits.depth ? 'depth' : undefined
  }

  #takeOne(
    key: string,
    status: NonNullable<ReceivedStatus['status']>,
    { name = '' }: StatusSource,
  ): RefusalReason | undefined {
    const { value } = status
    const { ttl, since } = remainingOf(status)
    return this.#put({ key: below(name, key), value, ttl, since, isOwn: false })
  }

  /** Stores a status in the place of the one before. Returns why not, where there is no room or it is not the sender's. */
  #put(given: {
    readonly key: string
    readonly value: string
    readonly ttl: number
    readonly since: number | undefined
    readonly isOwn: boolean
  }): RefusalReason | undefined {
    const { key, value, ttl, since, isOwn } = given
    const now = this.#now()
    const known = this.#entries.get(key)
    const last = known && known.expiresAt > now ? known : undefined
    if (last?.isOwn && !isOwn) return 'own'
    const reportedAt = since === undefined ? undefined : now - since * 1000
    const entry = { key, value, ttl, storedAt: now, expiresAt: now + ttl * 1000, reportedAt, isOwn }
    if (ttl <= 0) {
      this.#tell({ kind: 'over', status: statusAt(entry, now), isRenewal: false })
      return undefined
    }
    const displaced = this.#entries.put(entry)
    if (displaced === undefined) return 'full'
    if (displaced > 0) this.refuse('full', displaced)
    this.#index++
    this.#tell({ kind: 'stored', status: statusAt(entry, now), isRenewal: isSame(last, entry) })
    return undefined
  }

  #tell(change: StatusChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

/** Whether an entry says nothing new: the same value, with the same ttl or the same end. */
function isSame(last: Entry | undefined, next: Entry): boolean {
  if (!last || last.value !== next.value) return false
  return last.ttl === next.ttl || Math.abs(last.expiresAt - next.expiresAt) < SAME_END_MS
}

function statusAt({ key, value, storedAt, reportedAt, ttl }: Entry, now: number): Status {
  const age = (now - storedAt) / 1000
  if (reportedAt === undefined) return { key, value, age, ttl }
  return { key, value, age, ttl, since: (now - reportedAt) / 1000 }
}
