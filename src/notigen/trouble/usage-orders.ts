import { MICROS_PER_HOUR, MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import type { AuditPeriod } from '../calendar/audit.ts'
import { FLAVORS } from '../instance/catalog.ts'
import type { Instance } from '../instance/instance.ts'
import { wholeSeconds } from '../instance/told-times.ts'
import type { Random } from '../random.ts'

/** Codes of what usage verification can find; see docs/usage-rules.md. */
export const USAGE_CODES = ['U0', 'U1', 'U2', 'U3', 'U4', 'U5', 'U6', 'U7', 'U8', 'warning'] as const

export type UsageCode = (typeof USAGE_CODES)[number]

/** Share, 0 to 1, of the daily exists that can have it, for each code. */
export type UsageShares = { readonly [code in UsageCode]?: number }

type ExistsOrder = {
  /**
   * whether the change leads to this code and no other, under both sets of rules, given the notifications so
   * far
   */
  readonly fits: (instance: Instance, period: AuditPeriod) => boolean
  /** changes the copy of the instance that the exists is made from; without it the exists is not sent */
  readonly change?: (copy: Instance, period: AuditPeriod, random: Random) => void
}

/** Margin for times that are stored in whole seconds and may be off by one, µs. */
const CLEAR = 2 * MICROS_PER_SECOND

/**
 * Whether usage would verify completely and no operation is in progress.
 *
 * The exists must not follow the end of an operation: StackTach's rules find a conflict between the
 * microseconds of that notification and the whole seconds of the exists.
 */
const isPlain = ({ task, chapter }: Instance) => task === undefined && chapter.operations === 0

/** Whether the launch checks pass, whatever the exists says about a deletion. */
const isAlive = (instance: Instance, { begin }: AuditPeriod) =>
  isPlain(instance) &&
  instance.deletedAt === undefined &&
  instance.terminatedAt === undefined &&
  instance.launchedAt !== undefined &&
  !(instance.chapter.notifications === 0 && instance.launchedAt >= begin)

/** Returns a random time within a period, in whole seconds. */
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

/** Longest time between a delete.end and the second one that causes U7, seconds. */
const SECOND_DELETION_S = 5

/** Decides which exists and deletions are falsified, so that usage verification finds the ordered codes. */
export class UsageOrders {
  readonly #shares: UsageShares
  /** a separate random source, so that orders change nothing else of the story */
  readonly random: Random
  readonly #onOrdered: (code: UsageCode) => void

  constructor(shares: UsageShares, random: Random, onOrdered: (code: UsageCode) => void) {
    this.#shares = shares
    this.random = random
    this.#onOrdered = onOrdered
  }

  /**
   * Returns the instance from which the exists of a day is made: itself, or a changed copy. Returns undefined
   * when the exists is not to be sent.
   */
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
    // An instance that was deleted twice already has U7.
    if (instance.chapter.deletions > 1) return undefined
    let at = this.random.fraction()
    return USAGE_CODES.find((code) => {
      const share = this.#shares[code] ?? 0
      if (share === 0 || !EXISTS_ORDERS[code]?.fits(instance, period)) return false
      at -= share
      return at < 0
    })
  }

  /** Returns when to send a second delete.end, before `end`; undefined for none. */
  secondDeletion({ chapter }: Instance, at: Micros, end: Micros): Micros | undefined {
    if (chapter.operations > 0 || !this.#isDrawn('U7')) return undefined
    const again = at + this.random.int(1, SECOND_DELETION_S * MICROS_PER_SECOND)
    if (again >= end) return undefined
    this.#onOrdered('U7')
    return again
  }

  /** Returns when in a period to send an exists that belongs to no operation; undefined for none. */
  needlessExists({ begin, end }: AuditPeriod): Micros | undefined {
    if (end - begin < 2 || !this.#isDrawn('warning')) return undefined
    return this.random.int(begin + 1, end - 1)
  }

  /**
   * Whether a needless exists of this instance leads to a warning and nothing else. If so, counts it as
   * ordered.
   */
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
