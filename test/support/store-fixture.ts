import { afterEach, beforeEach } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { RunKind } from '../../src/domain/stream.ts'
import type { Micros } from '../../src/domain/time.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import type { ClaimedStream, FinishedRun } from '../../src/store/ports/stream-runs.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import type { TriggerRouter } from '../../src/streams/router.ts'
import { at } from './events.ts'

export const NOW = at('2026-01-01T00:00:00')
export const LATER = at('2026-01-01T12:00:00')
export const PAGE = { limit: 100, mark: undefined, ascending: true }
export const HOUR_MS = 3_600_000

/** A store on an empty database for each test of a contract, and what the tests do with it again and again. */
export class StoreFixture {
  database!: OpenDatabase
  store!: Store

  /** To be called while the tests are described. */
  constructor(open: () => Promise<OpenDatabase>) {
    beforeEach(async () => {
      this.database = await open()
      this.store = await createSqlStore(this.database, { writer: 'test', indexedTraits: ['host'] })
    })
    afterEach(() => this.store.close())
  }

  readonly put = (router: TriggerRouter, events: readonly Event[], now: Micros = NOW) => {
    const arrivals = events.map((one) => ({ event: one, at: now, keys: router.keysOf(one) }))
    return this.store.storeBatch({ arrivals, deadLetters: [] }, router)
  }

  readonly claim = (kind: RunKind = 'fire', now: Micros = LATER, leaseMs = HOUR_MS) =>
    this.store.claimStreams({ kind, now, limit: 10, worker: 'w1', leaseMs })

  readonly states = async () => (await this.store.listStreams({}, PAGE)).map(({ state }) => state)

  readonly messageIds = async (streamId: number) =>
    (await this.store.eventsOfStreams([streamId])).get(streamId)?.map(({ messageId }) => messageId)
}

/** A run that made nothing. */
export function finished(claim: ClaimedStream, purge = false): FinishedRun {
  return { claim, newEvents: [], purge, lastError: null }
}
