import type { StatusLimits } from './entry.ts'
import { childOf } from './keys.ts'

export type Entry = {
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

/** The entries of one sender. */
type Group = { readonly name: string; readonly entries: Map<string, Entry>; characters: number }

/** Groups of what the process reports itself, which nobody's keys displace, and of keys of others that name no child. */
const OWN = ''
const NAMELESS = '.'

/**
 * Entries within limits. They are grouped by child: where there is no more room, the group that has most gives some up, so
 * that none takes the place of the others.
 */
export class EntryStore {
  readonly #limits: StatusLimits
  readonly #groups = new Map<string, Group>()
  /** groups that found no room since the last removal: looking again would find none */
  readonly #noRoomFor = new Set<string>()
  #size = 0
  #characters = 0

  constructor(limits: StatusLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#size
  }

  get(key: string): Entry | undefined {
    return (
      this.#groups.get(OWN)?.entries.get(key) ?? this.#groups.get(childOf(key) || NAMELESS)?.entries.get(key)
    )
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (const { entries } of this.#groups.values()) yield* entries.values()
  }

  /**
   * Puts an entry in the place of the one with its key. Returns how many entries of others had to go for it; undefined where
   * there is no room and nothing has changed.
   */
  put(entry: Entry): number | undefined {
    const known = this.get(entry.key)
    const displaced = this.#makeRoom(entry, known)
    if (displaced === undefined) return undefined
    if (known) this.remove(known)
    const group = this.#groupOf(entry) ?? { name: nameOf(entry), entries: new Map(), characters: 0 }
    this.#groups.set(group.name, group)
    group.entries.set(entry.key, entry)
    group.characters += costOf(entry)
    this.#size++
    this.#characters += costOf(entry)
    return displaced
  }

  remove(entry: Entry): void {
    const group = this.#groupOf(entry)
    if (!group?.entries.delete(entry.key)) return
    this.#noRoomFor.clear()
    if (group.entries.size === 0) this.#groups.delete(group.name)
    group.characters -= costOf(entry)
    this.#size--
    this.#characters -= costOf(entry)
  }

  #makeRoom(entry: Entry, known: Entry | undefined): number | undefined {
    const { keys, characters, children } = this.#limits
    const name = nameOf(entry)
    if (!known && this.#noRoomFor.has(name)) return undefined
    if (!this.#groups.has(name) && name !== OWN && this.#groups.size >= children) return undefined
    const more = costOf(entry) - (known ? costOf(known) : 0)
    for (let displaced = 0; ; displaced++) {
      const isCrowded = this.#size + (known ? 0 : 1) > keys
      if (!isCrowded && (more <= 0 || this.#characters + more <= characters)) return displaced
      const measure = isCrowded ? sizeOf : charactersOf
      const victim = this.#largest(measure, known)
      const own = this.#groups.get(name)
      const least = (own ? measure(own) : 0) + (isCrowded ? 1 : more)
      if (!victim || (name !== OWN && measure(victim.group) <= least)) {
        this.#noRoomFor.add(name)
        return undefined
      }
      this.remove(victim.first)
    }
  }

  /** Returns the group that has most, without the process's own, and an entry of it that may go. */
  #largest(
    measure: (group: Group) => number,
    kept: Entry | undefined,
  ): { readonly group: Group; readonly first: Entry } | undefined {
    let group: Group | undefined
    for (const one of this.#groups.values())
      if (one.name !== OWN && (!group || measure(one) > measure(group))) group = one
    const first = group?.entries.values().find((entry) => entry !== kept)
    return group && first && { group, first }
  }

  #groupOf(entry: Entry): Group | undefined {
    return this.#groups.get(nameOf(entry))
  }
}

function nameOf({ key, isOwn }: Entry): string {
  return isOwn ? OWN : childOf(key) || NAMELESS
}

function sizeOf({ entries }: Group): number {
  return entries.size
}

function charactersOf({ characters }: Group): number {
  return characters
}

function costOf({ key, value }: Entry): number {
  return key.length + value.length
}
