import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConflictError, messageOf } from '../../domain/errors.ts'
import type { StreamState } from '../../domain/stream.ts'
import type { Micros } from '../../domain/time.ts'
import { sleep } from '../../runtime/backoff.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Store } from '../../store/store.ts'

export type TrimmingOptions = {
  readonly store: Pick<Store, 'listStreams' | 'deleteStream' | 'trimEvents' | 'dropDeadLetters'>
  /** folder of the complete files of the archive */
  readonly archiveFolder: string
  /** returns the simulated time before which streams and events are old */
  readonly oldBefore: () => Micros
  /** age of old dead letters and files of the archive on the clock of the machine, ms */
  readonly keepMs: number
  readonly logger: Logger
  /** pause between two rounds, ms */
  readonly everyMs?: number
}

/** What has been deleted so far. */
export type Trimmed = { streams: number; events: number; files: number; deadLetters: number }

/** States in which nothing more becomes of a stream. */
const ENDED: readonly StreamState[] = ['completed', 'error', 'expire_error']
const EVERY_MS = 10_000
const STREAMS_PER_PAGE = 200
const EVENTS_PER_STEP = 500

/** Deletes old streams that have ended, old events, dead letters and files of the archive, a little at a time. */
export class Trimming implements Service {
  readonly trimmed: Trimmed = { streams: 0, events: 0, files: 0, deadLetters: 0 }
  readonly #options: TrimmingOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: TrimmingOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const { logger, everyMs = EVERY_MS } = this.#options
    for (;;) {
      await sleep(everyMs, signal)
      if (signal.aborted) return
      await this.round().catch((error) => logger.warn({}, `cannot delete old data: ${messageOf(error)}`))
    }
  }

  /** Deletes all that is old now, or less when the service is stopped meanwhile. */
  async round(): Promise<void> {
    const { store, oldBefore, keepMs } = this.#options
    const olderThan = oldBefore()
    for (const state of ENDED) await this.#deleteStreams(state, olderThan)
    await this.#deleteEvents(olderThan)
    const until = Math.floor((Date.now() - keepMs) * 1000)
    this.trimmed.deadLetters += await store.dropDeadLetters({ until })
    await this.#deleteFiles()
  }

  async #deleteStreams(state: StreamState, olderThan: Micros): Promise<void> {
    const { store } = this.#options
    for (let mark: number | undefined; !this.#stopping.signal.aborted; ) {
      const page = await store.listStreams(
        { state, olderThan },
        { limit: STREAMS_PER_PAGE, mark, ascending: true },
      )
      // One that ended within the time that is kept stays whole.
      for (const { id } of page.filter(({ lastEvent }) => lastEvent < olderThan))
        if (!this.#stopping.signal.aborted) await this.#deleteStream(id)
      if (page.length < STREAMS_PER_PAGE) return
      mark = page.at(-1)?.id
    }
  }

  /** Deletes a stream, unless it was reset and a worker runs it again. */
  async #deleteStream(id: number): Promise<void> {
    try {
      if (await this.#options.store.deleteStream(id)) this.trimmed.streams++
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }

  async #deleteEvents(olderThan: Micros): Promise<void> {
    let after: Awaited<ReturnType<Store['trimEvents']>>['after']
    do {
      const step = await this.#options.store.trimEvents({ olderThan, limit: EVENTS_PER_STEP, after })
      this.trimmed.events += step.trimmed
      after = step.after
    } while (after && !this.#stopping.signal.aborted)
  }

  async #deleteFiles(): Promise<void> {
    const { archiveFolder, keepMs } = this.#options
    for (const name of await readdir(archiveFolder).catch(() => [])) {
      const path = join(archiveFolder, name)
      const file = await stat(path).catch(() => undefined)
      if (!file?.isFile() || name.endsWith('.part') || file.mtimeMs > Date.now() - keepMs) continue
      await rm(path, { force: true })
      this.trimmed.files++
    }
  }
}
