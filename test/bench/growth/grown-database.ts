import { resolve } from 'node:path'
import { createStore } from '../../../src/assembly/open-store.ts'
import { loadConfig } from '../../../src/config/load/load-config.ts'
import { decodeNotification } from '../../../src/distiller/decode-notification.ts'
import { createDistiller } from '../../../src/distiller/distiller.ts'
import { MICROS_PER_DAY } from '../../../src/domain/time.ts'
import { openMysqlDatabase } from '../../../src/store/mysql/mysql-database.ts'
import { createRouter } from '../../../src/streams/router.ts'
import { manyBodies, withOtherIds } from '../ingest/messages.ts'

export const EVENTS = 1_000_000
/** Events that each open a stream of their own; the others open 64 of 1,000. */
const LONE_EVENTS = 40_000
const BATCH = 1000
/** of the recorded day, in whole batches */
const BODIES_PER_ROUND = 4000
/** Rounds of the recorded day from this one on have ids that no filled event has. */
export const UNUSED_ROUND = 40_000
/** Events come in the order of their time, as in life: a million over the first 20 hours of yesterday. */
export const MICROS_APART = 72_000
export const OLDEST = Math.floor(Date.now() / 86_400_000) * MICROS_PER_DAY - MICROS_PER_DAY
export const NEWEST = OLDEST + EVENTS * MICROS_APART

const config = await loadConfig(resolve(import.meta.dirname, '../../../config/winchester.yaml'), process.env)

/** Stores a million events and 100,000 open streams. */
export async function fill(url: string): Promise<{ events: number; open_streams: number }> {
  const store = await createStore(await openMysqlDatabase({ url: new URL(url) }), config, { writer: 'bench' })
  const router = createRouter(config.triggers)
  const distiller = createDistiller(config.definitions, { catchAll: false })
  let filled = 0
  for (const bodies of chunks()) {
    const arrivals = bodies.map((body) => {
      const decoded = decodeNotification(body)
      const distilled = decoded.ok ? distiller.distil(decoded.notification, 0) : undefined
      if (distilled?.kind !== 'event') throw new Error('every message of the bench must become an event')
      const timestamp = OLDEST + filled++ * MICROS_APART
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

/** Not all at once: a million bodies are 2.6 GB. */
function* chunks(): Generator<Buffer[]> {
  const day = manyBodies(BODIES_PER_ROUND)
  for (let sent = 0, round = 0; sent < EVENTS - LONE_EVENTS; round++) {
    for (let at = 0; at < day.length && sent < EVENTS - LONE_EVENTS; at += BATCH) {
      const part = day.slice(at, at + BATCH)
      sent += part.length
      yield part.map((body) => Buffer.from(withOtherIds(String(body), round)))
    }
  }
  const lone = day
    .map(String)
    .find((body) => JSON.parse(body).event_type === 'compute.instance.update') as string
  for (let number = 0; number < LONE_EVENTS; number += BATCH) {
    // Beyond the rounds above and before those that are not used.
    yield Array.from({ length: BATCH }, (_, index) =>
      Buffer.from(withOtherIds(lone, 300 + ((number + index) % (UNUSED_ROUND - 300)))),
    )
  }
}
