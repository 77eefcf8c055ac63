import type { Micros } from '../domain/time.ts'
import {
  type HoldReason,
  type QueueReport,
  type ReportedPositions,
  SILENT_MS,
} from '../store/ports/watermarks.ts'

/** Who holds the event clock back. */
export type Hold = {
  readonly queue: string
  /** the consumer's name */
  readonly consumer: string
  /** `gone`: no consumer reads the queue any more; `silent`: one that died had messages at hand */
  readonly why: HoldReason | 'gone' | 'silent'
  /** event time at which it holds the clock */
  readonly at: Micros
  /** the wall clock when it began to hold */
  readonly since: Micros
}

/** The event clock of a database at one moment. */
export type ClockState = {
  /** undefined: nobody holds it, and it is the wall clock */
  readonly hold: Hold | undefined
  /** all who hold it, the earliest first */
  readonly holds: readonly Hold[]
}

export type LowWatermarkOptions = {
  readonly wallNow: Micros
  /** how long a queue that no consumer reads any more holds the clock, ms */
  readonly patienceMs: number
}

/** A consumer reports every second; one that was not heard of for longer may have died. */
const HEARD_MS = 3000
/** Within this, ms, what a dead consumer had at hand has come to another. */
const REDELIVERED_MS = 30_000

type Reported = QueueReport & { readonly writer: string; readonly ageMs: number; readonly queue: string }

/**
 * Returns who holds the event clock, from the last reports of all consumers. The clock is the earliest time at which a
 * queue is held, so that what is due before it has all its events.
 *
 * Of each queue: living consumers hold it where they stand; a consumer that died holds it for half a minute, until
 * another has its messages; when none is left, the last to be heard of holds it until a consumer comes back, or for
 * `patienceMs`.
 */
export function lowWatermark(
  reports: readonly ReportedPositions[],
  { wallNow, patienceMs }: LowWatermarkOptions,
): ClockState {
  const byQueue = Map.groupBy(
    reports.flatMap(({ name, queues, ageMs }) =>
      Object.entries(queues)
        // A replay holds nobody: its streams are its own.
        .filter(([, { place }]) => place === undefined)
        .map(([queue, report]): Reported => ({ ...report, queue, writer: name, ageMs })),
    ),
    ({ queue }) => queue,
  )
  const holds = [...byQueue.values()].flatMap((of) => holdsOf(of, wallNow, patienceMs))
  holds.sort((a, b) => a.at - b.at)
  return { hold: holds[0], holds }
}

function holdsOf(reported: readonly Reported[], wallNow: Micros, patienceMs: number): Hold[] {
  const isLiving = ({ hasLeft, ageMs }: Reported) => !hasLeft && ageMs < SILENT_MS
  if (reported.some(isLiving)) {
    return reported.flatMap((one) => {
      if (isLiving(one))
        return one.ageMs < HEARD_MS ? holdOf(one, one.why) : heldWhere(one, 'silent', wallNow)
      // One that left with a backlog may have given messages back.
      const mayBeMissed = !one.hasLeft || one.at !== null
      return mayBeMissed && one.ageMs < REDELIVERED_MS ? heldWhere(one, 'silent', wallNow) : []
    })
  }
  const youngest = Math.min(...reported.map(({ ageMs }) => ageMs))
  if (youngest > patienceMs) return []
  // Consumers that ended at about the same time: the last words of all of them count.
  return reported
    .filter(({ ageMs }) => ageMs - youngest < REDELIVERED_MS)
    .flatMap((one) => heldWhere(one, 'gone', wallNow))
}

/** Held where the consumer stood, or else at the moment at which it was heard of last. */
function heldWhere(one: Reported, why: Hold['why'], wallNow: Micros): Hold[] {
  const heardAt = wallNow - one.ageMs * 1000
  return [
    { queue: one.queue, consumer: one.writer, why, at: Math.min(one.at ?? heardAt, heardAt), since: heardAt },
  ]
}

function holdOf({ queue, writer, at, since }: Reported, why: HoldReason | null): Hold[] {
  return at === null || why === null ? [] : [{ queue, consumer: writer, why, at, since }]
}
