import { resolve } from 'node:path'
import { createStore } from '../../../src/assembly/open-store.ts'
import { loadConfig } from '../../../src/config/load/load-config.ts'
import { decodeNotification } from '../../../src/distiller/decode-notification.ts'
import { createDistiller } from '../../../src/distiller/distiller.ts'
import { MICROS_PER_DAY } from '../../../src/domain/time.ts'
import { openMysqlDatabase } from '../../../src/store/mysql/mysql-database.ts'
import { createRouter } from '../../../src/streams/router.ts'
import { manyBodies, withOtherIds } from '../ingest/messages.ts'

/** Of 25 events one opens a stream of its own; of the others 64 of 1,000 do. */
const LONE_SHARE = 1 / 25
const BATCH = 1000
/** of the recorded day, in whole batches */
const BODIES_PER_ROUND = 4000
/** Rounds of the recorded day from this one on have ids that no filled event has. */
export const UNUSED_ROUND = 40_000
/** Events come in the order of their time, as in life: a million over 20 hours. */
export const MICROS_APART = 72_000
const START_OF_DAY = Math.floor(Date.now() / 86_400_000) * MICROS_PER_DAY

/** How much a database is filled with, and the time after its newest event: 20 hours of yesterday, or before. */
export type Size = { readonly events: number; readonly oldest: number; readonly newest: number }

export function sizeOf(events: number): Size {
  const newest = START_OF_DAY - MICROS_PER_DAY / 6
  return { events, oldest: newest - events * MICROS_APART, newest }
}

const config = await loadConfig(resolve(import.meta.dirname, '../../../config/winchester.yaml'), process.env)

/** Stores events, one of ten of which opens a stream that stays open. */
export async function fill(
  url: string,
  { events, oldest }: Size,
): Promise<{ events: number; open_streams: number }> {
  const store = await createStore(await openMysqlDatabase({ url: new URL(url) }), config, { writer: 'bench' })
  const router = createRouter(config.triggers)
  const distiller = createDistiller(config.definitions, { catchAll: false })
  let filled = 0
  for (const bodies of chunks(events)) {
    const arrivals = bodies.map((body) => {
      const decoded = decodeNotification(body)
      const distilled = decoded.ok ? distiller.distil(decoded.notification, 0) : undefined
      if (distilled?.kind !== 'event') throw new Error('every message of the bench must become an event')
      const timestamp = oldest + filled++ * MICROS_APART
      const event = { ...distilled.event, timestamp }
      return { event, at: timestamp, keys: router.keysOf(event) }
    })
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
  }
  const page = { limit: 1, mark: undefined, ascending: true }
  const facts = {
    events: await store.countEvents({}, page),
    open_streams: await store.countStreams({ state: 'active' }, page),
  }
  await store.close()
  return facts
}

/** Yields bodies in batches: those of a million are 2.6 GB. */
function* chunks(events: number): Generator<Buffer[]> {
  const day = manyBodies(BODIES_PER_ROUND)
  const lone = Math.floor((events * LONE_SHARE) / BATCH) * BATCH
  let round = 0
  for (let sent = 0; sent < events - lone; round++) {
    for (let at = 0; at < day.length && sent < events - lone; at += BATCH) {
      const part = day.slice(at, at + BATCH)
      sent += part.length
      yield part.map((body) => Buffer.from(withOtherIds(String(body), round)))
    }
  }
  const update = day
    .map(String)
    .find((body) => JSON.parse(body).event_type === 'compute.instance.update') as string
  for (let number = 0; number < lone; number += BATCH) {
    // Beyond the rounds above and before those that are not used.
    yield Array.from({ length: BATCH }, (_, index) =>
      Buffer.from(withOtherIds(update, round + ((number + index) % (UNUSED_ROUND - round)))),
    )
  }
}
