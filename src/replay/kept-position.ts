import { ConflictError } from '../domain/errors.ts'
import type { Micros } from '../domain/time.ts'
import { sleep } from '../runtime/backoff.ts'
import type { ReplayChange, ReplayRecord, Replays } from '../store/ports/replays.ts'
import {
  type NumberedReports,
  type ReportedPositions,
  SILENT_MS,
  type Watermarks,
} from '../store/ports/watermarks.ts'
import { parseJson } from '../text/json.ts'
import { nameOfReplay, type ReplayGiven } from './given.ts'
import type { KeptFile } from './records/kept-files.ts'
import { BEGINNING, formatReplayPosition, type ReplayPosition } from './records/replay-place.ts'
import {
  describeUnfinished,
  type LivingReplay,
  livingReplay,
  parseGiven,
  positionIn,
  unfinishedOf,
} from './unfinished.ts'

export type KeptPositionOptions = {
  readonly store: Watermarks & Replays
  readonly given: ReplayGiven
  /** the name of this process */
  readonly owner: string
  readonly wallNow: () => Micros
  readonly signal: AbortSignal
  /** whether what another replay has left unfinished is handed to the workers of the deployment (false) */
  readonly releasesOthers?: boolean
  /** called when another process replays the same, or did so a moment ago */
  readonly onWait?: () => void
}

/** Where an earlier process of the same replay stood, and in which files; undefined where they were not known yet. */
export type KeptReplay = {
  readonly position: ReplayPosition
  readonly files: readonly KeptFile[] | undefined
}

const LOOK_MS = 500
/** A report comes so often at least, ms. */
const REPORT_MS = 3000
/** Streams that one transaction releases. */
const RELEASED = 1000

const START: ReplayPosition = { at: 0, place: BEGINNING }

/**
 * The one replay of a database: who runs it, how it was begun, its files and its position, which is stored with each batch
 * as consumers store theirs. It says where to go on after a crash, and whose the streams are that belong to a replay.
 */
export class KeptPosition {
  readonly #options: KeptPositionOptions
  readonly #since: Micros
  readonly #lost = new AbortController()
  /** the name under which this process reports */
  #name: string
  #number = 0
  #isNew = true
  #last: ReplayPosition = START
  #heartbeat: NodeJS.Timeout | undefined

  constructor(options: KeptPositionOptions) {
    this.#options = options
    this.#since = options.wallNow()
    this.#name = nameOfReplay(options.given)
  }

  /** Aborts when another process has taken the replay over, since this one was silent for long. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /**
   * Takes the replay over from an earlier process of it that has ended, or begins it. From then on this process reports
   * that it lives, until `end`, `leave` or `abandon`. Returns where the earlier one stood; undefined where there is nothing
   * to go on from. Rejects with ConflictError while another process replays, or another replay is unfinished.
   */
  async takeOver(): Promise<KeptReplay | undefined> {
    const own = this.#name
    const { kept, other } = await this.#claim(own)
    this.#heartbeat = setInterval(() => void this.#beat(), REPORT_MS)
    this.#heartbeat.unref()
    try {
      if (other === undefined) await this.#options.store.resumeReplayed()
      else await this.#replace(other, own)
    } catch (error) {
      this.#stop()
      throw error
    }
    this.#isNew = kept === undefined || other !== undefined
    return this.#isNew ? undefined : kept
  }

  /** Hands the streams of another replay, which was begun by `given`, to the workers and begins this one. */
  async #replace(given: string, own: string): Promise<void> {
    await this.#release(parseGiven(given))
    await this.#options.store.forgetQueue(this.#name)
    this.#name = own
    await this.#change(() => ({ record: this.#record(), reports: this.reportsAt(START) }))
  }

  /** Keeps the files of the replay, in the order in which places count them. */
  async keepFiles(files: readonly KeptFile[]): Promise<void> {
    await this.#change((record) => ({ record: { ...record, files: JSON.stringify(files) } }))
  }

  /**
   * Gives up what an earlier process of the same replay has left: its streams go to the workers, and the replay begins
   * anew.
   */
  async beginAnew(): Promise<void> {
    await this.#release(this.#options.given)
    await this.#change((record) => ({ record: { ...record, files: null }, reports: this.reportsAt(START) }))
  }

  /** Announces the position, and removes what an earlier process has left. */
  async begin(position: ReplayPosition): Promise<void> {
    await this.report(position)
    await this.#options.store.forgetQueue(this.#name)
  }

  /** Returns the report to be stored with a batch: everything up to this position is stored then. */
  reportsAt(position: ReplayPosition, hasLeft = false): () => NumberedReports {
    return () => {
      this.#last = position
      return { number: ++this.#number, queues: this.#queues(position, hasLeft) }
    }
  }

  /** Reports a position without a batch. */
  async report(position: ReplayPosition): Promise<void> {
    await this.#options.store.report(this.reportsAt(position))
  }

  /** Leaves the position for a later process, which goes on from there. */
  async leave(position: ReplayPosition): Promise<void> {
    this.#stop()
    if (this.lost.aborted) return
    await this.#options.store.report(this.reportsAt(position, true))
  }

  /** Leaves the replay before anything was stored: it is as it was before this process. */
  async abandon(): Promise<void> {
    if (!this.#isNew) return this.leave(this.#last)
    this.#stop()
    await this.#change(() => ({ record: undefined, reports: this.#noReports }))
    await this.#options.store.forgetQueue(this.#name)
  }

  /** Hands the streams that are not due yet to the workers of the deployment: the replay is complete. */
  async end(): Promise<void> {
    await this.#change((record) => ({ record }))
    await this.#release(this.#options.given)
    this.#stop()
    await this.#change(() => ({ record: undefined, reports: this.#noReports }))
    await this.#options.store.forgetQueue(this.#name)
  }

  readonly #noReports = (): NumberedReports => ({ number: ++this.#number, queues: {} })

  #queues(position: ReplayPosition, hasLeft = false): NumberedReports['queues'] {
    const place = formatReplayPosition(position)
    return { [this.#name]: { at: null, since: this.#since, why: null, place, ...(hasLeft && { hasLeft }) } }
  }

  /** Becomes the owner of the record, once no other process is. */
  async #claim(
    own: string,
  ): Promise<{ readonly kept: KeptReplay | undefined; readonly other: string | undefined }> {
    const { signal, onWait } = this.#options
    let seen: LivingReplay | undefined
    for (;;) {
      const claimed = await this.#tryClaim(own)
      if (!('living' in claimed)) return claimed
      const { living } = claimed
      if (living.name !== own)
        throw new ConflictError(
          `another replay runs on this database (${living.name}, by ${living.process}); wait until it has ended`,
        )
      const hasReported = seen !== undefined && (seen.process !== living.process || living.ageMs < seen.ageMs)
      if (hasReported)
        throw new ConflictError(
          `these files are being replayed by another process, ${living.process}; wait until it has ended`,
        )
      if (!seen) onWait?.()
      seen = living
      await sleep(LOOK_MS, signal)
      if (signal.aborted) throw new ConflictError(`${own} is still run by another process`)
    }
  }

  async #tryClaim(own: string) {
    const { store, releasesOthers = false } = this.#options
    type Claimed = { readonly kept: KeptReplay | undefined; readonly other: string | undefined }
    let outcome: Claimed | { readonly living: LivingReplay } | undefined
    await store.changeReplay((record, reports) => {
      const living = livingReplay(reports)
      if (living) {
        outcome = { living }
        return undefined
      }
      const other = record && record.name !== own ? record : undefined
      if (other && !releasesOthers) throw unfinishedError(other, reports)
      this.#name = record?.name ?? own
      const position = positionIn(reports, this.#name)
      outcome = {
        kept: record && { position: position ?? START, files: parseFiles(record.files) },
        other: other?.given,
      }
      return {
        record: record ? { ...record, owner: this.#options.owner } : this.#record(),
        reports: this.reportsAt(position ?? START),
      }
    })
    if (!outcome) throw new ConflictError('the replay could not be begun')
    return outcome
  }

  #record(): ReplayRecord {
    const { given, owner } = this.#options
    return {
      name: nameOfReplay(given),
      owner,
      startedAt: this.#since,
      given: JSON.stringify(given),
      files: null,
    }
  }

  /** Changes the record as its owner. Rejects with ConflictError when another process owns it by now. */
  async #change(change: (record: ReplayRecord) => ReplayChange): Promise<void> {
    await this.#options.store.changeReplay((record) => {
      if (record?.owner !== this.#options.owner) throw takenOver()
      return change(record)
    })
  }

  async #release({ publish, pipelines }: Pick<ReplayGiven, 'publish' | 'pipelines'>): Promise<void> {
    const { store, wallNow } = this.#options
    const past = pipelines === 'off' ? 'completed' : publish ? 'as others' : 'quiet'
    while ((await store.releaseReplayed({ limit: RELEASED, past, now: wallNow() })) > 0);
  }

  /** Reports that this process lives; a report with a batch that crosses this one stays. */
  async #beat(): Promise<void> {
    const { store, owner } = this.#options
    try {
      if ((await store.readReplay())?.owner !== owner) this.#lose()
      else await store.report(() => ({ number: 0, queues: this.#queues(this.#last) }))
    } catch (error) {
      if (error instanceof ConflictError) this.#lose()
      // While the database is away others cannot take it over either.
    }
  }

  #lose(): void {
    if (this.#heartbeat === undefined) return
    this.#stop()
    this.#lost.abort(takenOver())
  }

  #stop(): void {
    clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
  }
}

function takenOver(): ConflictError {
  return new ConflictError(
    `another process has taken this replay over, since this one was silent for ${SILENT_MS / 1000} s`,
  )
}

function parseFiles(text: string | null): readonly KeptFile[] | undefined {
  return text === null ? undefined : (parseJson(text) as unknown as readonly KeptFile[])
}

function unfinishedError(record: ReplayRecord, reports: readonly ReportedPositions[]): ConflictError {
  return new ConflictError(`another one comes first: ${describeUnfinished(unfinishedOf(record, reports))}`)
}
