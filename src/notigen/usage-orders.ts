import { MICROS_PER_HOUR, MICROS_PER_SECOND, type Micros } from '../domain/time.ts'
import type { AuditPeriod } from './audit.ts'
import { FLAVORS } from './catalog.ts'
import type { Instance } from './instance.ts'
import type { Random } from './random.ts'
import { wholeSeconds } from './told-times.ts'

/** Names what verifying the usage of an instance can find, by its code; see docs/usage-rules.md. */
export const USAGE_CODES = ['U0', 'U1', 'U2', 'U3', 'U4', 'U5', 'U6', 'U7', 'U8', 'warning'] as const

export type UsageCode = (typeof USAGE_CODES)[number]

/** For each code the share, 0 to 1, of the daily exists that could have it. */
export type UsageShares = { readonly [code in UsageCode]?: number }

type ExistsOrder = {
  /** whether the change leads to this code and to no other, by either rules, with what was told before */
  readonly fits: (instance: Instance, period: AuditPeriod) => boolean
  /** makes a copy of the instance tell it; without one the exists is not sent at all */
  readonly change?: (copy: Instance, period: AuditPeriod, random: Random) => void
}

/** Times that are kept in seconds may be one off. */
const CLEAR = 2 * MICROS_PER_SECOND

/**
 * Whether all of it would be verified, and nothing is under way. What an operation ended with must not stand before it:
 * StackTach's rules find a conflict between its microseconds and the seconds of the exists.
 */
const isPlain = ({ task, chapter }: Instance) => task === undefined && chapter.operations === 0

/** Whether the checks of the launch pass whatever the exists says of a deletion. */
const isAlive = (instance: Instance, { begin }: AuditPeriod) =>
  isPlain(instance) &&
  instance.deletedAt === undefined &&
  instance.terminatedAt === undefined &&
  instance.launchedAt !== undefined &&
  !(instance.chapter.notifications === 0 && instance.launchedAt >= begin)

/** Some time within a period, in whole seconds. */
function within(begin: Micros, end: Micros, random: Random): Micros {
  return wholeSeconds(random.int(begin + CLEAR, end - CLEAR))
}

const EXISTS_ORDERS: { readonly [code in UsageCode]?: ExistsOrder } = {
  U0: {
    fits: ({ chapter, terminatedAt }, { begin }) =>
      chapter.notifications > 0 &&
      chapter.isLaunched &&
      !chapter.isOffloaded &&
      (terminatedAt === undefined || terminatedAt > begin + CLEAR),
  },
  U1: {
    fits: ({ state }) => state === 'active',
    change(copy) {
      copy.launchedAt = undefined
    },
  },
  U2: {
    fits: ({ chapter }) => chapter.operations > 0 && chapter.isSettled,
    change(copy, _period, random) {
      copy.flavor = random.pick(FLAVORS.filter(({ id }) => id !== copy.flavor.id))
    },
  },
  U3: {
    fits: isAlive,
    change(copy, { begin }) {
      copy.deletedAt = begin + MICROS_PER_HOUR
    },
  },
  U4: {
    fits: isAlive,
    change(copy) {
      copy.state = 'deleted'
      copy.deletedAt = (copy.launchedAt ?? 0) - MICROS_PER_HOUR
    },
  },
  U5: {
    fits: (instance, { begin, end }) =>
      isAlive(instance, { begin, end }) && end - Math.max(begin, instance.launchedAt ?? begin) > 3 * CLEAR,
    change(copy, { begin, end }, random) {
      copy.state = 'deleted'
      copy.deletedAt = within(Math.max(begin, copy.launchedAt ?? begin), end, random)
    },
  },
  U6: {
    fits: (instance) => instance.chapter.deletions === 1 && isPlain(instance),
    change(copy) {
      copy.deletedAt = undefined
    },
  },
  U8: {
    fits: (instance, period) =>
      instance.state === 'active' && instance.chapter.told === 0 && isAlive(instance, period),
    change(copy, { begin, end }, random) {
      copy.launchedAt = within(begin, end, random)
    },
  },
}

/** Longest time between a delete.end and the second one that makes U7, seconds. */
const SECOND_DELETION_S = 5

/** Decides where the usage of an instance is told so that verifying it finds what was ordered. */
export class UsageOrders {
  readonly #shares: UsageShares
  /** a source of its own: what is ordered changes nothing else of the story */
  readonly random: Random
  readonly #onOrdered: (code: UsageCode) => void

  constructor(shares: UsageShares, random: Random, onOrdered: (code: UsageCode) => void) {
    this.#shares = shares
    this.random = random
    this.#onOrdered = onOrdered
  }

  /** What the exists of a day is to tell: the instance, a changed copy of it, or undefined: it is not sent. */
  forExists(instance: Instance, period: AuditPeriod): Instance | undefined {
    const code = this.#codeFor(instance, period)
    if (!code) return instance
    this.#onOrdered(code)
    const change = EXISTS_ORDERS[code]?.change
    if (!change) return undefined
    const copy = { ...instance }
    change(copy, period, this.random)
    return copy
  }

  #codeFor(instance: Instance, period: AuditPeriod): UsageCode | undefined {
    // Deleted twice is U7 already.
    if (instance.chapter.deletions > 1) return undefined
    let at = this.random.fraction()
    return USAGE_CODES.find((code) => {
      const share = this.#shares[code] ?? 0
      if (share === 0 || !EXISTS_ORDERS[code]?.fits(instance, period)) return false
      at -= share
      return at < 0
    })
  }

  /** When a second delete.end is to be sent after one, before `end`; undefined: not at all. */
  secondDeletion({ chapter }: Instance, at: Micros, end: Micros): Micros | undefined {
    if (chapter.operations > 0 || !this.#isDrawn('U7')) return undefined
    const again = at + this.random.int(1, SECOND_DELETION_S * MICROS_PER_SECOND)
    if (again >= end) return undefined
    this.#onOrdered('U7')
    return again
  }

  /** When in a period an exists is to be sent that no operation asks for. */
  needlessExists({ begin, end }: AuditPeriod): Micros | undefined {
    if (end - begin < 2 || !this.#isDrawn('warning')) return undefined
    return this.random.int(begin + 1, end - 1)
  }

  /** Whether an instance is such that a needless exists leads to a warning and to nothing else. */
  warns(instance: Instance, { begin }: AuditPeriod): boolean {
    const { launchedAt, deletedAt, terminatedAt, host, task, chapter } = instance
    const isLaunched = launchedAt !== undefined && launchedAt < begin && host !== undefined
    const isDeleted = deletedAt !== undefined || terminatedAt !== undefined
    if (!isLaunched || isDeleted || task !== undefined || chapter.steps > 0) return false
    this.#onOrdered('warning')
    return true
  }

  #isDrawn(code: UsageCode): boolean {
    const share = this.#shares[code] ?? 0
    return share > 0 && this.random.fraction() < share
  }
}
