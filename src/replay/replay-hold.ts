import type { Micros } from '../domain/time.ts'
import { sleep } from '../runtime/backoff.ts'
import type { NumberedReports, ReportedPositions, Watermarks } from '../store/ports/watermarks.ts'
import { formatReplayPosition, parseReplayPosition, type ReplayPosition } from './records/replay-place.ts'

export type ReplayHoldOptions = {
  readonly store: Watermarks
  /** the name under which this replay is known in the database */
  readonly queue: string
  /**
   * whether other workers may run what is replayed, up to where the replay stands; else they run nothing until the
   * replay has ended
   */
  readonly isShared: boolean
  readonly wallNow: () => Micros
  readonly signal: AbortSignal
  /** called when another process replays the same, or did so a moment ago */
  readonly onWait?: () => void
}

/** A process that is silent for so long has ended, ms. */
const SILENT_MS = 10_000
const LOOK_MS = 500
/** An event time before which nothing is due. */
const NEVER: Micros = 0

/**
 * The position of a replay in the database, stored with each batch as consumers store theirs. It holds the event clock
 * of all workers, and says where to go on after a crash.
 */
export class ReplayHold {
  readonly #options: ReplayHoldOptions
  readonly #since: Micros
  #number = 0

  constructor(options: ReplayHoldOptions) {
    this.#options = options
    this.#since = options.wallNow()
  }

  /**
   * Waits until an earlier process of the same replay is sure to have ended. Returns where it stood; undefined where
   * there is nothing to go on from.
   */
  async takeOver(): Promise<ReplayPosition | undefined> {
    const { store, queue, signal, onWait } = this.#options
    let reports = await store.readReports()
    if (isAlive(reports, queue)) onWait?.()
    while (isAlive(reports, queue) && !signal.aborted) {
      await sleep(LOOK_MS, signal)
      reports = await store.readReports()
    }
    const places = reports.flatMap(({ queues }) => queues[queue]?.place ?? [])
    return places.map(parseReplayPosition).sort((a, b) => b.at - a.at)[0]
  }

  /** Holds the clock of other workers from now on, and removes what an earlier process has left. */
  async begin(position: ReplayPosition): Promise<void> {
    await this.report(position)
    await this.#options.store.forgetQueue(this.#options.queue)
  }

  /** Returns the report to be stored with a batch: everything up to this position is stored then. */
  reportsAt(position: ReplayPosition, hasLeft = false): () => NumberedReports {
    const { queue, isShared } = this.#options
    const report = {
      at: isShared ? position.at : NEVER,
      since: this.#since,
      why: 'backlog' as const,
      place: formatReplayPosition(position),
      ...(hasLeft && { hasLeft }),
    }
    return () => ({ number: ++this.#number, queues: { [queue]: report } })
  }

  /** Reports a position without a batch. */
  async report(position: ReplayPosition): Promise<void> {
    await this.#options.store.report(this.reportsAt(position))
  }

  /** Leaves the position for a later process, which goes on from there. The clock stays held. */
  async leave(position: ReplayPosition): Promise<void> {
    await this.#options.store.report(this.reportsAt(position, true))
  }

  /** Ends the hold: the replay is complete. */
  async end(): Promise<void> {
    const { store, queue } = this.#options
    await store.report(() => ({ number: ++this.#number, queues: {} }))
    await store.forgetQueue(queue)
  }
}

function isAlive(reports: readonly ReportedPositions[], queue: string): boolean {
  return reports.some(({ queues, ageMs }) => {
    const report = queues[queue]
    return report !== undefined && !report.hasLeft && ageMs < SILENT_MS
  })
}
