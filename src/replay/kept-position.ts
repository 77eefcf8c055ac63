import { ConflictError } from '../domain/errors.ts'
import type { Micros } from '../domain/time.ts'
import { sleep } from '../runtime/backoff.ts'
import type { StreamRuns } from '../store/ports/stream-runs.ts'
import type { NumberedReports, ReportedPositions, Watermarks } from '../store/ports/watermarks.ts'
import { formatReplayPosition, parseReplayPosition, type ReplayPosition } from './records/replay-place.ts'

export type KeptPositionOptions = {
  readonly store: Watermarks & Pick<StreamRuns, 'resumeReplayed' | 'releaseReplayed'>
  /** the name of this replay in the database; the same files with the same filters have the same */
  readonly name: string
  readonly wallNow: () => Micros
  readonly signal: AbortSignal
  /** whether what another replay has left unfinished is handed to the workers of the deployment (false) */
  readonly releasesOthers?: boolean
  /** called when another process replays the same, or did so a moment ago */
  readonly onWait?: () => void
}

/** The names of replays begin so, which stand beside those of queues. */
export const REPLAY_PREFIX = 'replay-'
/** A process that is silent for so long has ended, ms. */
const SILENT_MS = 10_000
const LOOK_MS = 500
/** Streams that one transaction releases. */
const RELEASED = 1000

/**
 * The position of a replay in the database, stored with each batch as consumers store theirs. It says where to go on after
 * a crash, and that the streams which belong to a replay are those of this one.
 */
export class KeptPosition {
  readonly #options: KeptPositionOptions
  readonly #since: Micros
  #number = 0

  constructor(options: KeptPositionOptions) {
    this.#options = options
    this.#since = options.wallNow()
  }

  /**
   * Waits until an earlier process of the same replay is sure to have ended. Returns where it stood; undefined where
   * there is nothing to go on from. Rejects with ConflictError while another replay runs, or is unfinished.
   */
  async takeOver(): Promise<ReplayPosition | undefined> {
    const { store, name, signal, onWait } = this.#options
    let reports = await store.readReports()
    if (isAlive(reports, name)) onWait?.()
    while (isAlive(reports, name) && !signal.aborted) {
      await sleep(LOOK_MS, signal)
      reports = await store.readReports()
    }
    if (isAlive(reports, name)) throw new ConflictError(`${name} is still run by another process`)
    await this.#clearOthers(reports)
    // Now that no replay runs: what one was running when it was killed is run again.
    await store.resumeReplayed()
    const places = reports.flatMap(({ queues }) => queues[name]?.place ?? [])
    return places.map(parseReplayPosition).sort((a, b) => b.at - a.at)[0]
  }

  /** Announces this replay, and removes what an earlier process of it has left. */
  async begin(position: ReplayPosition): Promise<void> {
    await this.report(position)
    await this.#options.store.forgetQueue(this.#options.name)
  }

  /** Returns the report to be stored with a batch: everything up to this position is stored then. */
  reportsAt(position: ReplayPosition, hasLeft = false): () => NumberedReports {
    const place = formatReplayPosition(position)
    const report = { at: null, since: this.#since, why: null, place, ...(hasLeft && { hasLeft }) }
    return () => ({ number: ++this.#number, queues: { [this.#options.name]: report } })
  }

  /** Reports a position without a batch. */
  async report(position: ReplayPosition): Promise<void> {
    await this.#options.store.report(this.reportsAt(position))
  }

  /** Leaves the position for a later process, which goes on from there. */
  async leave(position: ReplayPosition): Promise<void> {
    await this.#options.store.report(this.reportsAt(position, true))
  }

  /** Hands the streams that are not due yet to the workers of the deployment: the replay is complete. */
  async end(): Promise<void> {
    const { store, name } = this.#options
    while ((await store.releaseReplayed(RELEASED)) > 0);
    await store.report(() => ({ number: ++this.#number, queues: {} }))
    await store.forgetQueue(name)
  }

  /** Refuses to begin beside another replay, whose streams would be taken for those of this one. */
  async #clearOthers(reports: readonly ReportedPositions[]): Promise<void> {
    const { store, name, releasesOthers } = this.#options
    const others = reports
      .flatMap(({ queues }) => Object.keys(queues))
      .filter((other) => other.startsWith(REPLAY_PREFIX) && other !== name)
    for (const other of others) {
      if (isAlive(reports, other))
        throw new ConflictError(`another replay runs on this database (${other}); wait until it has ended`)
      if (!releasesOthers)
        throw new ConflictError(
          `another replay of this database is unfinished (${other}); go on with it by the same command, or add --release-unfinished to hand its streams to the workers`,
        )
      await store.forgetQueue(other)
    }
    if (others.length > 0) while ((await store.releaseReplayed(RELEASED)) > 0);
  }
}

function isAlive(reports: readonly ReportedPositions[], name: string): boolean {
  return reports.some(({ queues, ageMs }) => {
    const report = queues[name]
    return report !== undefined && !report.hasLeft && ageMs < SILENT_MS
  })
}
