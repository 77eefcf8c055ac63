import type { Micros } from '../domain/time.ts'

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

export type SharedTimeOptions = {
  /** a time counts once it is this old, and the processes are idle together once they have been for so long, ms */
  readonly settleMs?: number
  /** an idle process holds busy ones back no longer, ms: messages on their way to it must not be overtaken */
  readonly idleMs?: number
  /** a process that is not heard of, though it was busy or reading, holds nobody back any longer, ms */
  readonly forgetMs?: number
  /** machine time, ms */
  readonly now?: () => number
}

/** The clock of the notifications, shared by the processes of a deployment. It never goes back. */
export type SharedTime = {
  post(post: TimePost): void
  /** 0 until a time was posted */
  now(): Micros
}

type Source = {
  /** 0 until it has stored something */
  readonly time: Micros
  readonly busy: boolean
  readonly reading: boolean
  readonly heardAt: number
  /** when it was busy last */
  readonly busyAt: number
}

/**
 * The latest time that was posted, but never past a process that still has older messages in hand, had a moment ago,
 * or fell silent: workers on this clock see a stream due only after all consumers have stored what came before.
 */
export function createSharedTime(options: SharedTimeOptions = {}): SharedTime {
  const {
    settleMs = 1000,
    idleMs = 5000,
    forgetMs = GIVEN_BACK_MS,
    now: machineNow = () => performance.now(),
  } = options
  /** one that died while it was reading is missed before a later time counts */
  const silentMs = settleMs / 2
  const sources = new Map<string, Source>()
  let waiting: { time: Micros; at: number }[] = []
  let latest: Micros = 0
  let served: Micros = 0
  return {
    post({ source, time, busy, reading }) {
      const at = machineNow()
      const before = sources.get(source)
      sources.set(source, {
        time: time ?? before?.time ?? 0,
        busy,
        reading,
        heardAt: at,
        busyAt: busy || before?.busy ? at : (before?.busyAt ?? -Infinity),
      })
      if (time !== undefined && time > (waiting.at(-1)?.time ?? latest)) waiting.push({ time, at })
    },
    now() {
      const at = machineNow()
      for (const entry of waiting) if (at - entry.at >= settleMs) latest = Math.max(latest, entry.time)
      waiting = waiting.filter((entry) => at - entry.at < settleMs)
      const heardOf = [...sources.values()].filter(({ heardAt }) => at - heardAt < forgetMs)
      const working = heardOf.filter(
        ({ busy, reading, heardAt }) => busy || (reading && at - heardAt >= silentMs),
      )
      const isQuiet = working.length === 0 && heardOf.every(({ busyAt }) => at - busyAt >= settleMs)
      const resting = isQuiet ? [] : heardOf.filter(({ busyAt }) => at - busyAt < idleMs)
      const bound = Math.min(latest, ...[...working, ...resting].map(({ time }) => time))
      served = Math.max(served, bound)
      return served
    },
  }
}
