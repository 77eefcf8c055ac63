import type { Event } from '../domain/event.ts'
import { MICROS_PER_HOUR, type Micros } from '../domain/time.ts'
import type { Queries } from '../store/ports/queries.ts'
import type { TriggerRouter } from '../streams/router.ts'
import type { RecordSource, TimedRecord, WindowLimits } from './records/record.ts'
import { BEGINNING } from './records/replay-place.ts'

export type StoredRecordsOptions = {
  readonly store: Pick<Queries, 'listEvents' | 'countEvents'>
  readonly router: Pick<TriggerRouter, 'keysOf'>
  /** events after this time */
  readonly from: Micros
  /** events until this time, itself included */
  readonly to: Micros
}

/** Events that are read, and sorted, at a time. */
const MOST = 5000
const EVERYTHING = { mark: undefined, ascending: true, mayMissNewest: true }
const NOTHING = Buffer.alloc(0)

/** The events of a database in order of their times, as records to be replayed. */
export class StoredRecords implements RecordSource {
  readonly #events: AsyncGenerator<TimedRecord>

  constructor(options: StoredRecordsOptions) {
    this.#events = recordsOf(options)
  }

  async next({ records }: WindowLimits): Promise<TimedRecord[]> {
    const taken: TimedRecord[] = []
    while (taken.length < records) {
      const { value, done } = await this.#events.next()
      if (done) break
      taken.push(value)
    }
    return taken
  }

  /** Is always the beginning: such a replay is not resumed. */
  place(): typeof BEGINNING {
    return BEGINNING
  }

  async close(): Promise<void> {
    await this.#events.return(undefined)
  }
}

async function* recordsOf({ store, router, from, to }: StoredRecordsOptions): AsyncGenerator<TimedRecord> {
  let length: Micros = MICROS_PER_HOUR
  for (let after = from; after < to; ) {
    const slice = { from: after, to: Math.min(to, after + length) }
    const count = await store.countEvents(slice, { ...EVERYTHING, limit: MOST })
    if (count > MOST && length > 1) {
      length = Math.ceil(length / 2)
      continue
    }
    const events = count === 0 ? [] : await store.listEvents(slice, { ...EVERYTHING, limit: count + MOST })
    events.sort((a, b) => a.timestamp - b.timestamp || a.id - b.id)
    for (const event of events) yield recordOf(event, router)
    after = slice.to
    // Where there are few events, the next slice is longer.
    if (count < MOST / 4) length *= 2
  }
}

function recordOf(event: Event, router: Pick<TriggerRouter, 'keysOf'>): TimedRecord {
  const { timestamp: at, messageId } = event
  const delivery = {
    queue: '',
    body: NOTHING,
    exchange: '',
    routingKey: '',
    properties: {},
    redelivered: false,
  }
  const arrival = { event, at, keys: router.keysOf(event) }
  return {
    time: at,
    begin: 0,
    bytes: 0,
    prepared: { delivery, record: undefined, outcome: { kind: 'event', arrival } },
    place: () => messageId,
  }
}
