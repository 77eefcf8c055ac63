import { wallClock } from '../clock/event-clock.ts'
import { lowWatermark } from '../clock/low-watermark.ts'
import type { ClockSettings } from '../clock/read-clock.ts'
import { messageOf } from '../domain/errors.ts'
import { SAMPLE_RINGS, type Sample } from '../domain/sample.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { DeadLetterBox } from '../store/ports/dead-letter-box.ts'
import type { Queries } from '../store/ports/queries.ts'
import type { Samples } from '../store/ports/samples.ts'
import type { Tallies } from '../store/ports/tallies.ts'
import type { Watermarks } from '../store/ports/watermarks.ts'

export type SampledStore = Samples &
  Pick<Queries, 'listEvents'> &
  Pick<Watermarks, 'readReports'> &
  Pick<DeadLetterBox, 'countDeadLettersByStage'> &
  Pick<Tallies, 'sumTallies' | 'countStreamsByTrigger'>

export type SamplerParts = {
  readonly store: SampledStore
  readonly clock: ClockSettings
  readonly logger: Logger
  /** how much faster than the machine's the clock of the notifications runs (1) */
  readonly speed?: number | undefined
}

type Figures = { [name: string]: number }

/** What is counted by name and only grows. */
const SUMS = ['taken', 'dropped', 'fired', 'expired', 'failed'] as const
/** Most names of one kind that have a figure of their own. */
const MOST_NAMES = 30
const NEWEST = { limit: 1, mark: undefined, ascending: false }
/** What goes through whole tables is counted at most so often, ms, and takes at most a fiftieth of the time. */
const SLOW_MS = 15_000
const SLOW_SHARE = 50

/** Creates the service that keeps a sample of the deployment every 5 s, and one every minute for longer. */
export function createSampler(parts: SamplerParts): Service {
  const { store, logger } = parts
  const read = figureReader(parts)
  let timer: NodeJS.Timeout | undefined
  let reading: Promise<void> | undefined
  const keptAt = new Map<number, number>()

  async function keep(): Promise<void> {
    try {
      const sample: Sample = { at: Date.now() * 1000, figures: await read() }
      for (const ring of SAMPLE_RINGS) {
        const slot = Math.floor(sample.at / 1e6 / ring.stepS)
        if (keptAt.get(ring.stepS) === slot) continue
        await store.keepSample(ring, sample)
        keptAt.set(ring.stepS, slot)
      }
    } catch (error) {
      logger.debug({ error: messageOf(error) }, 'a sample for the page could not be kept')
    }
  }

  function tick(): void {
    reading ??= keep().finally(() => {
      reading = undefined
    })
  }

  return {
    async start() {
      tick()
      timer = setInterval(tick, SAMPLE_RINGS[0].stepS * 1000)
    },
    async stop() {
      clearInterval(timer)
      await reading
    },
  }
}

function figureReader({ store, clock, speed = 1 }: SamplerParts): () => Promise<Figures> {
  let slow: Figures = {}
  let slowDueAt = -Infinity

  async function readSlow(): Promise<void> {
    const begun = performance.now()
    const [streams, letters] = await Promise.all([
      store.countStreamsByTrigger(),
      store.countDeadLettersByStage(),
    ])
    slow = {}
    for (const { state, count } of streams) slow[`streams.${state}`] = (slow[`streams.${state}`] ?? 0) + count
    for (const [stage, count] of letters) slow[`letters.${stage}`] = count
    const now = performance.now()
    slowDueAt = now + Math.max(SLOW_MS, (now - begun) * SLOW_SHARE)
  }

  return async () => {
    if (performance.now() >= slowDueAt) await readSlow()
    const sums = await store.sumTallies(SUMS)
    const figures: Figures = { ...slow, ...(await lags()) }
    for (const kind of SUMS) {
      const of = sums.filter((one) => one.kind === kind).sort((a, b) => b.amount - a.amount)
      for (const [index, { name, amount }] of of.entries()) {
        const key = `${kind}.${index < MOST_NAMES ? name : 'others'}`
        figures[key] = (figures[key] ?? 0) + amount
      }
    }
    return figures
  }

  /** Returns how far each queue is behind, s; where consumers report no positions, how old the newest event is. */
  async function lags(): Promise<Figures> {
    const { patienceMs, now = wallClock.now } = clock
    const wallNow = now()
    const reports = clock.mode === 'auto' ? await store.readReports() : []
    const queues = new Set(reports.flatMap((one) => Object.keys(one.queues)))
    const { holds } = lowWatermark(reports, { wallNow, patienceMs })
    // By positions a deployment without consumers has no lag; the age of its newest event says nothing of one.
    if (clock.mode === 'auto')
      return Object.fromEntries(
        [...queues].map((queue) => {
          const earliest = Math.min(
            wallNow,
            ...holds.filter((one) => one.queue === queue).map(({ at }) => at),
          )
          return [`lag.${queue}`, rounded((wallNow - earliest) / 1e6 / speed)]
        }),
      )
    const [newest] = await store.listEvents({}, { ...NEWEST, mayMissNewest: true })
    return newest
      ? { 'lag.newest event': rounded(Math.max(0, wallNow - newest.timestamp) / 1e6 / speed) }
      : {}
  }
}

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10
}
