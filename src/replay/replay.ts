import { arrivalOf } from '../consumer/prepared.ts'
import { storeBatch } from '../consumer/store-batch.ts'
import type { Router } from '../domain/routing.ts'
import type { Micros } from '../domain/time.ts'
import { sleep } from '../runtime/backoff.ts'
import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'
import { retry } from '../runtime/retry.ts'
import type { Intake } from '../store/ports/intake.ts'
import type { Store } from '../store/store.ts'
import { CLOSED_AFTER } from '../streams/router.ts'
import type { KeptPosition } from './kept-position.ts'
import { Pace } from './pace.ts'
import type { RecordSource, TimedRecord } from './records/record.ts'
import { BEGINNING, type ReplayPosition } from './records/replay-place.ts'
import type { ReplayClock } from './replay-clock.ts'
import { type DueRuns, runDue, runRetries } from './run-due.ts'
import { RunsBeside } from './runs-beside.ts'

export type ReplayOptions = {
  readonly records: RecordSource
  readonly store: Intake & DueRuns['store'] & Pick<Store, 'ping'>
  readonly router: Router
  readonly worker: DueRuns['worker']
  readonly clock: ReplayClock
  /** the position in a database that others use; undefined where nobody does */
  readonly position: KeptPosition | undefined
  readonly logger: Logger
  readonly signal: AbortSignal
  readonly wallNow: () => Micros
  /** Resolves when no run is in hand any more. */
  readonly settle: () => Promise<void>
  /** how many times as fast as they were made notifications are replayed; undefined: as fast as possible */
  readonly speed?: number | undefined
  /** called when a batch is stored; what is due by then runs now or has run */
  readonly onStored?: (counts: ReplayCounts, at: Micros) => void
}

export type ReplayCounts = {
  /** notifications that were given to the database */
  replayed: number
  /** new events */
  stored: number
  /** events that were stored already */
  duplicates: number
  /** notifications of which no event could be made */
  deadLetters: number
  /** notifications that came after later ones, beyond what the window puts into order */
  late: number
  /** the one that was latest */
  latest: { readonly by: Micros; readonly place: string } | undefined
  /** the first and the last time of all notifications; infinite while there is none */
  first: Micros
  last: Micros
  /** whether everything was replayed */
  isComplete: boolean
}

/** Most notifications, and about the most bytes, of one transaction. */
const BATCH = { records: 500, bytes: 8 << 20 }
/** With a speed batches are small, so that they keep the pace. */
const PACED_BATCH = { records: 20, bytes: 8 << 20 }
const WAITS = { initialMs: 50, maxMs: 10_000 }

type Batch = { readonly records: readonly TimedRecord[]; readonly position: ReplayPosition }

/**
 * Stores records in order of their times and runs the streams that become due by them, by the clock of the records. At
 * the end the clock goes on to the wall clock, so that streams expire that are over by now.
 *
 * When `signal` aborts, what is in hand is stored, and the position of the replay stays in the database.
 */
export class Replay {
  readonly #options: ReplayOptions
  readonly #outage: Outage
  readonly #pace: Pace | undefined
  readonly #counts: ReplayCounts = {
    replayed: 0,
    stored: 0,
    duplicates: 0,
    deadLetters: 0,
    late: 0,
    latest: undefined,
    first: Number.POSITIVE_INFINITY,
    last: Number.NEGATIVE_INFINITY,
    isComplete: false,
  }
  /** the latest time of all records so far */
  #reached: Micros
  /** everything up to here is stored */
  #stood: ReplayPosition = { at: 0, place: BEGINNING }
  readonly #runs: RunsBeside

  constructor(options: ReplayOptions, from: Micros = 0) {
    this.#options = options
    this.#reached = from
    this.#outage = new Outage(options.logger, 'the database takes batches again')
    this.#pace = options.speed === undefined ? undefined : new Pace(options.speed)
    this.#runs = new RunsBeside(options.clock, () => this.#patiently(() => runDue(options)))
  }

  /**
   * Replays everything. Returns the counts when all is done or `signal` has aborted. Rejects when a file cannot be read; the
   * position stays in the database then, too.
   */
  async run(): Promise<ReplayCounts> {
    const { records, position, signal } = this.#options
    this.#stood = { at: this.#reached, place: records.place() }
    try {
      await this.#patiently(async () => position?.begin(this.#stood))
      if (this.#reached > 0) await this.#patiently(() => this.#resume())
      await this.#storeAll()
      if (!signal.aborted) await this.#finish()
    } catch (error) {
      // What could not be stored before the end of the grace is read again.
      if (!signal.aborted) {
        await position?.leave(this.#stood).catch(() => {})
        throw error
      }
    } finally {
      await this.#runs.settled().catch(() => {})
      await records.close()
    }
    if (!this.#counts.isComplete) await position?.leave(this.#stood).catch(() => {})
    return this.#counts
  }

  /** Runs the streams that an earlier process was running when it was killed, before time goes on. */
  async #resume(): Promise<void> {
    const { clock, worker } = this.#options
    clock.advance(this.#reached - CLOSED_AFTER)
    while ((await worker.pass('fire')) + (await worker.pass('expire')) > 0);
  }

  /** Stores batch after batch; the next one is read while the database stores the one before. */
  async #storeAll(): Promise<void> {
    const { signal } = this.#options
    let cutting = this.#cut()
    for (;;) {
      const batch = await cutting
      if (batch.records.length === 0 || signal.aborted) break
      await this.#waitFor(batch)
      if (signal.aborted) break
      cutting = this.#cut()
      cutting.catch(() => {})
      await this.#store(batch)
      this.#stood = batch.position
    }
    await this.#runs.settled()
  }

  /** Works on the database, and waits while it is away. */
  #patiently<T>(work: () => Promise<T>): Promise<T> {
    return retry(work, { waits: WAITS, signal: this.#options.signal, outage: this.#outage })
  }

  async #cut(): Promise<Batch> {
    const { records } = this.#options
    const taken = await records.next(this.#pace ? PACED_BATCH : BATCH)
    for (const record of taken) this.#watchOrder(record)
    if (taken.length > 0) this.#warmUp(taken)
    return { records: taken, position: { at: this.#reached, place: records.place() } }
  }

  /** Looks up what the database will need for a batch while it stores the one before. */
  #warmUp(records: readonly TimedRecord[]): void {
    const arrivals = records.flatMap(({ prepared }) => arrivalOf(prepared) ?? [])
    void this.#options.store.warmUp(arrivals).catch(() => {})
  }

  #watchOrder({ time, place }: TimedRecord): void {
    const counts = this.#counts
    counts.first = Math.min(counts.first, time)
    counts.last = Math.max(counts.last, time)
    const by = this.#reached - time
    this.#reached = Math.max(this.#reached, time)
    if (by <= 0) return
    counts.late++
    if (by > (counts.latest?.by ?? 0)) counts.latest = { by, place: place() }
  }

  async #store({ records, position }: Batch): Promise<void> {
    const { store, router, signal, position: kept, onStored } = this.#options
    const counts = this.#counts
    await storeBatch(
      records.map(({ prepared }) => prepared),
      {
        store,
        router,
        signal,
        outage: this.#outage,
        reports: kept?.reportsAt(position),
        onStored: (_, { stored, duplicates, deadLetters }) => {
          counts.stored += stored
          counts.duplicates += duplicates
          counts.deadLetters += deadLetters.length
        },
      },
    )
    counts.replayed += records.length
    // By then no event that is still to come can join a stream that is due, however batches are cut.
    await this.#runs.advance(position.at - CLOSED_AFTER)
    onStored?.(counts, position.at)
  }

  /** Waits until it is the time of a batch; streams that are due meanwhile run. */
  async #waitFor({ records }: Batch): Promise<void> {
    const { signal } = this.#options
    const first = records[0]
    if (!this.#pace || !first) return
    for (
      let ms = this.#pace.msUntil(first.time);
      ms > 0 && !signal.aborted;
      ms = this.#pace.msUntil(first.time)
    ) {
      await sleep(ms, signal)
      await this.#runs.advance(Math.min(first.time, this.#pace.now()) - CLOSED_AFTER)
      await this.#runs.settled()
    }
  }

  async #finish(): Promise<void> {
    const { clock, wallNow, settle, position: kept } = this.#options
    clock.advance(wallNow())
    await this.#patiently(() => runDue(this.#options))
    await this.#patiently(() => runRetries(this.#options))
    if (this.#options.signal.aborted) return
    // What runs still belongs to the replay: released, it would be run again by others.
    await settle()
    await this.#patiently(async () => kept?.end())
    this.#counts.isComplete = true
  }
}
