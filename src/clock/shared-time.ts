import { MICROS_PER_DAY, type Micros } from '../domain/time.ts'

/** What one process reports to the clock of the notifications. */
export type TimePost = {
  readonly source: string
  /** time up to which everything is stored; undefined when nothing is yet */
  readonly time: Micros | undefined
  /** whether messages are at hand that are not stored */
  readonly busy: boolean
  /** whether messages may be on their way to the process, which then posts several times a second */
  readonly reading: boolean
}

/**
 * Time in ms within which messages that a process gave back, or held when it died, must have come to another.
 */
export const GIVEN_BACK_MS = 30_000

/** Largest distance ahead of the wall clock. A notification beyond it has a wrong time and moves no clock. */
export const FURTHEST_AHEAD: Micros = MICROS_PER_DAY

const MOST_SOURCES = 1000

/** `ahead`: the time is impossible; `crowded`: there are too many sources, and the post was not recorded. */
export type PostOutcome = 'taken' | 'ahead' | 'crowded'

export type SharedTimeOptions = {
  /**
   * age in ms at which a posted time counts, and at which processes that are all idle count as quiet (1,000)
   */
  readonly quietMs?: number
  /**
   * longest time in ms for which an idle process holds busy ones back, which must not overtake messages on
   * their way to it (5,000)
   */
  readonly idleMs?: number
  /** silence in ms after which a process holds nobody back, though it was busy or reading (30,000) */
  readonly forgetMs?: number
  /** machine time, ms */
  readonly now?: () => number
  /** the wall clock, µs since the epoch */
  readonly wallNow?: () => Micros
}

/** The clock of the notifications, shared by the processes of a deployment. It never goes back. */
export type SharedTime = {
  /** Records a post; of one that is `ahead`, everything but its time. */
  post(post: TimePost): PostOutcome
  /** Returns the shared time; 0 until a time was posted. */
  now(): Micros
}

type Source = {
  /** 0 until the process has stored something */
  readonly time: Micros
  readonly busy: boolean
  readonly reading: boolean
  readonly heardAt: number
  /** time between the last two posts, ms */
  readonly gapMs: number
  /** when the process was busy last */
  readonly busyAt: number
}

/**
 * Creates the shared time: the latest time that was posted, but never past a process that holds older
 * messages, held some a moment ago, or fell silent. Workers on this clock see a stream due only after all
 * consumers have stored what came before.
 */
export function createSharedTime(options: SharedTimeOptions = {}): SharedTime {
  const {
    quietMs = 1000,
    idleMs = 5000,
    forgetMs = GIVEN_BACK_MS,
    now: machineNow = () => performance.now(),
    wallNow = () => Date.now() * 1000,
  } = options
  /** Silence in ms after which a reading process may have died; or twice its last gap, if longer. */
  const silentMs = quietMs / 2
  /** in the order of the last post, the oldest first */
  const sources = new Map<string, Source>()
  let waiting: { time: Micros; at: number }[] = []
  let latest: Micros = 0
  let served: Micros = 0

  function advance(at: number): void {
    for (const entry of waiting) if (at - entry.at >= quietMs) latest = entry.time
    waiting = waiting.filter((entry) => at - entry.at < quietMs)
  }

  /** Whether there is room for a source; one that no longer holds anybody back is removed for it. */
  function hasRoom(source: string, at: number): boolean {
    if (sources.has(source) || sources.size < MOST_SOURCES) return true
    for (const [name, { heardAt }] of sources) {
      if (at - heardAt < forgetMs) return false
      return sources.delete(name)
    }
    return false
  }

  return {
    post({ source, time: told, busy, reading }) {
      const at = machineNow()
      if (!hasRoom(source, at)) return 'crowded'
      const isAhead = told !== undefined && told > wallNow() + FURTHEST_AHEAD
      const time = isAhead ? undefined : told
      const before = sources.get(source)
      sources.delete(source)
      const isActive = busy || before?.busy || (time !== undefined && time !== before?.time)
      sources.set(source, {
        time: time ?? before?.time ?? 0,
        busy,
        reading,
        heardAt: at,
        gapMs: before ? at - before.heardAt : 0,
        busyAt: isActive ? at : (before?.busyAt ?? -Infinity),
      })
      advance(at)
      if (time !== undefined && time > (waiting.at(-1)?.time ?? latest)) waiting.push({ time, at })
      return isAhead ? 'ahead' : 'taken'
    },
    now() {
      const at = machineNow()
      advance(at)
      const heardOf = [...sources.values()].filter(({ heardAt }) => at - heardAt < forgetMs)
      const isHolding = ({ busy, reading, heardAt, gapMs }: Source) =>
        busy || (reading && at - heardAt >= Math.max(silentMs, 2 * gapMs))
      /** Returns for how long a source has reported to be idle: one that is silent may be busy by now. */
      const idleFor = ({ reading, heardAt, busyAt }: Source) => (reading ? heardAt : at) - busyAt
      const isQuiet = heardOf.every((source) => !isHolding(source) && idleFor(source) >= quietMs)
      const holding = heardOf.filter((source) => isHolding(source) || (!isQuiet && idleFor(source) < idleMs))
      served = Math.max(served, Math.min(latest, ...holding.map(({ time }) => time)))
      return served
    },
  }
}
