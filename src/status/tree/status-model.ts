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
import { below, childOf, isFromRing, isKey, isTakenKey } from './keys.ts'
import { remainingOf } from './remaining.ts'

type Entry = {
  readonly key: string
  readonly value: string
  /** when it was stored here and when it is over; for `reportedAt`, when it was reported at its origin: ms */
  readonly storedAt: number
  readonly expiresAt: number
  readonly reportedAt: number | undefined
  readonly ttl: number
  /** whether this process has reported it itself */
  readonly isOwn: boolean
}

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
  /** by the name of the child, so that none takes the place of the others */
  readonly #children = new Map<string, Map<string, Entry>>()
  readonly #refusals = new Map<RefusalReason, number>()
  readonly #listeners = new Set<(change: StatusChange) => void>()
  /** children that found no room since the last removal: looking again would find none */
  readonly #noRoomFor = new Set<string>()
  #size = 0
  #characters = 0
  #index = 0

  constructor({ now, limits = {}, name = '' }: StatusModelOptions) {
    this.#now = now
    this.#limits = { ...STATUS_LIMITS, ...limits }
    this.#name = name
  }

  /** Number of changes so far: each stored key, each removal, each sweep that found something. */
  get index(): number {
    return this.#index
  }

  /** Number of keys that are held. */
  get size(): number {
    return this.#size
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
    const entry = this.#children.get(childOf(key))?.get(key)
    const now = this.#now()
    return entry && entry.expiresAt > now ? statusAt(entry, now) : undefined
  }

  /** Returns the statuses that fit, in no order. */
  statuses({ prefix = '', maxAge = Number.POSITIVE_INFINITY }: StatusQuery = {}): Status[] {
    const now = this.#now()
    const found: Status[] = []
    for (const entries of this.#children.values()) {
      for (const entry of entries.values()) {
        if (entry.expiresAt <= now || !entry.key.startsWith(prefix)) continue
        const status = statusAt(entry, now)
        if ((status.since ?? status.age) <= maxAge) found.push(status)
      }
    }
    return found
  }

  /** Removes a status. Returns whether there was one. */
  remove(key: string): boolean {
    const entry = this.#children.get(childOf(key))?.get(key)
    if (!entry) return false
    this.#drop(entry)
    this.#index++
    this.#tell({ kind: 'gone', keys: [key] })
    return true
  }

  /** Removes what is over. Returns how many keys that were. */
  sweep(): number {
    const now = this.#now()
    const over: Entry[] = []
    for (const entries of this.#children.values())
      for (const entry of entries.values()) if (entry.expiresAt <= now) over.push(entry)
    for (const entry of over) this.#drop(entry)
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
    if (!isTakenKey(key)) return 'contract'
    if (prefix !== undefined && !key.startsWith(`${prefix}/`)) return 'prefix'
    const whole = below(name, key)
    if (isFromRing(whole, this.#name)) return 'ring'
    return this.#boundsOf(whole, value)
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
    const known = this.#children.get(childOf(key))?.get(key)
    const last = known && known.expiresAt > now ? known : undefined
    if (last?.isOwn && !isOwn) return 'own'
    const reportedAt = since === undefined ? undefined : now - since * 1000
    const entry = { key, value, ttl, storedAt: now, expiresAt: now + ttl * 1000, reportedAt, isOwn }
    if (ttl <= 0) {
      this.#tell({ kind: 'over', status: statusAt(entry, now), isRenewal: false })
      return undefined
    }
    if (!this.#makeRoom(entry, known)) return 'full'
    if (known) this.#drop(known)
    this.#add(entry)
    this.#index++
    this.#tell({ kind: 'stored', status: statusAt(entry, now), isRenewal: isSame(last, entry) })
    return undefined
  }

  /** Makes room for an entry at the cost of the child that has most. Returns false where that is its own. */
  #makeRoom(entry: Entry, known: Entry | undefined): boolean {
    const { keys, characters, children } = this.#limits
    const child = childOf(entry.key)
    if (!known && this.#noRoomFor.has(child)) return false
    if (!this.#children.has(child) && this.#children.size >= children) return false
    const more = costOf(entry) - (known ? costOf(known) : 0)
    while (this.#size + (known ? 0 : 1) > keys || (more > 0 && this.#characters + more > characters)) {
      const victim = this.#largest()
      const own = this.#children.get(child)?.size ?? 0
      const [first] = victim?.values() ?? []
      if (!victim || !first || victim.size <= own + 1) {
        this.#noRoomFor.add(child)
        return false
      }
      this.#drop(first)
      this.refuse('full')
    }
    return true
  }

  #largest(): Map<string, Entry> | undefined {
    let largest: Map<string, Entry> | undefined
    for (const [child, entries] of this.#children)
      if (child !== '' && entries.size > (largest?.size ?? 0)) largest = entries
    return largest
  }

  #add(entry: Entry): void {
    const child = childOf(entry.key)
    const entries = this.#children.get(child) ?? new Map<string, Entry>()
    this.#children.set(child, entries.set(entry.key, entry))
    this.#size++
    this.#characters += costOf(entry)
  }

  #drop(entry: Entry): void {
    const child = childOf(entry.key)
    const entries = this.#children.get(child)
    if (!entries?.delete(entry.key)) return
    this.#noRoomFor.clear()
    if (entries.size === 0) this.#children.delete(child)
    this.#size--
    this.#characters -= costOf(entry)
  }

  #tell(change: StatusChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

function costOf({ key, value }: Entry): number {
  return key.length + value.length
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
