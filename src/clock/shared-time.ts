import { MICROS_PER_DAY, type Micros } from '../domain/time.ts'

/** What one process says of the clock of the notifications. */
export type TimePost = {
  readonly source: string
  /** everything up to here is stored; undefined when nothing is yet */
  readonly time: Micros | undefined
  /** messages are at hand that are not stored */
  readonly busy: boolean
  /** messages may be on their way to it; it says so several times a second */
  readonly reading: boolean
}

/** Within this, ms, what a process gave back, or had when it died, must have come to another. */
export const GIVEN_BACK_MS = 30_000

/** A notification from further ahead of the wall clock has a wrong time: it moves no clock. */
export const FURTHEST_AHEAD: Micros = MICROS_PER_DAY

const MOST_SOURCES = 1000

/** `ahead`: the time is none that can be; `crowded`: too many are heard of, and this one is not taken note of. */
export type PostOutcome = 'taken' | 'ahead' | 'crowded'

export type SharedTimeOptions = {
  /** a time counts once it is this old, and the processes are idle together once they have been for so long, ms */
  readonly quietMs?: number
  /** an idle process holds busy ones back no longer, ms: messages on their way to it must not be overtaken */
  readonly idleMs?: number
  /** a process that is not heard of, though it was busy or reading, holds nobody back any longer, ms */
  readonly forgetMs?: number
  /** machine time, ms */
  readonly now?: () => number
  /** the wall clock */
  readonly wallNow?: () => Micros
}

/** The clock of the notifications, shared by the processes of a deployment. It never goes back. */
export type SharedTime = {
  /** What else a post says that is `ahead` is taken note of. */
  post(post: TimePost): PostOutcome
  /** 0 until a time was posted */
  now(): Micros
}

type Source = {
  /** 0 until it has stored something */
  readonly time: Micros
  readonly busy: boolean
  readonly reading: boolean
  readonly heardAt: number
  /** between the last two times that it was heard of, ms */
  readonly gapMs: number
  /** when it was busy last */
  readonly busyAt: number
}

/**
 * The latest time that was posted, but never past a process that still has older messages in hand, had a moment ago,
 * or fell silent: workers on this clock see a stream due only after all consumers have stored what came before.
 */
export function createSharedTime(options: SharedTimeOptions = {}): SharedTime {
  const {
    quietMs = 1000,
    idleMs = 5000,
    forgetMs = GIVEN_BACK_MS,
    now: machineNow = () => performance.now(),
    wallNow = () => Date.now() * 1000,
  } = options
  /** One that reads may have died when it was not heard of for so long, or for twice as long as it was before. */
  const silentMs = quietMs / 2
  /** those that were not heard of for longest come first */
  const sources = new Map<string, Source>()
  let waiting: { time: Micros; at: number }[] = []
  let latest: Micros = 0
  let served: Micros = 0

  function advance(at: number): void {
    for (const entry of waiting) if (at - entry.at >= quietMs) latest = entry.time
    waiting = waiting.filter((entry) => at - entry.at < quietMs)
  }

  /** One that holds nobody back any longer makes room. */
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
      /** By its own word: what it does not say any more, it may not be. */
      const idleFor = ({ reading, heardAt, busyAt }: Source) => (reading ? heardAt : at) - busyAt
      const isQuiet = heardOf.every((source) => !isHolding(source) && idleFor(source) >= quietMs)
      const holding = heardOf.filter((source) => isHolding(source) || (!isQuiet && idleFor(source) < idleMs))
      served = Math.max(served, Math.min(latest, ...holding.map(({ time }) => time)))
      return served
    },
  }
}
