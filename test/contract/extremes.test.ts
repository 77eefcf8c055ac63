import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import { type Moment, parseMoment } from '../../src/domain/time.ts'
import { readingsOf } from '../../src/domain/trait-condition.ts'
import { exportDatabase } from '../../src/dump/export-database.ts'
import { importDatabase } from '../../src/dump/import-database.ts'
import { restEvent } from '../../src/formats/rest-form.ts'
import { readDump } from '../../src/store/copy/dump.ts'
import { openRestore } from '../../src/store/copy/restore.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { DATABASES } from '../support/databases.ts'
import { event, routerOf } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'

const router = routerOf({ match_criteria: [{ event_type: 'x.*' }], fire_criteria: [{ event_type: 'x.end' }] })
const IDS = ['\ud800', '\ud801', '\udc00', '\ufffd', 'a', 'A']
const TIMES = [
  '9999-12-31T23:59:59.999999',
  '9999-12-31T00:00:00.000000',
  '5000-06-15T12:00:00.000001',
  '2026-11-30T00:00:00.123456',
  '1600-02-29T23:59:59.999997',
  '0001-01-01T00:00:00.000001',
  '0001-01-01T00:00:00.000000',
]

function momentAt(text: string): Moment {
  return parseMoment(text) as Moment
}

/** An event with a time as its timestamp, as a trait and in its key. */
function timed(text: string): Event {
  const { value: timestamp, rest } = momentAt(text)
  return event({
    messageId: text,
    host: text,
    eventType: 'x.a',
    timestamp,
    ...(rest === undefined ? {} : { timestampRest: rest }),
    traits: { at: { type: 'datetime', ...momentAt(text) } },
  })
}

describe.each(DATABASES)('in $name', ({ open }) => {
  test('the last and first of times, and ids of halves of characters, are each kept and restored', async () => {
    const database = await open()
    const store = await createSqlStore(database, { writer: 'test' })
    const given = [
      ...IDS.map((messageId) => event({ messageId, host: messageId, eventType: 'x.a' })),
      ...TIMES.map((text) => timed(text)),
    ].map(
      (one) =>
        ({
          ...one,
          traits: { ...one.traits, last: { type: 'datetime', ...momentAt(TIMES[0] as string) } },
        }) as const,
    )
    for (const one of given) {
      const arrivals = [{ event: one, at: one.timestamp, keys: router.keysOf(one) }]
      expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toMatchObject({
        stored: 1,
        duplicates: 0,
      })
      expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toMatchObject({
        stored: 0,
        duplicates: 1,
      })
    }
    const texts: string[] = []
    const sink = { write: async (text: string) => void texts.push(text) }
    const counts = await exportDatabase(database, sink, () => {})
    // There is no time at which a stream could expire whose last event is the last that there can be.
    expect(counts).toEqual({ events: given.length, streams: given.length - 1 })
    const ids = await readDump(database, async (dump) => {
      const found: string[] = []
      for await (const events of dump.events()) found.push(...events.map(({ messageId }) => messageId))
      return found
    })
    for (const id of ids) expect(await store.findEvent(id)).toMatchObject({ messageId: id })
    for (const text of TIMES) {
      const found = (await store.findEvent(text)) as Event
      const time = { __type__: 'datetime', datetime: text.replace('.000000', '') }
      expect(restEvent(found)).toMatchObject({ timestamp: time, at: time })
      const traits = [{ name: 'at', values: readingsOf(text) }]
      const page = { limit: 9, mark: undefined, ascending: true }
      const listed = await store.listEvents({ traits }, page)
      expect(listed.map(({ messageId }) => messageId)).toEqual([text])
      expect(texts.join('')).toContain(`"timestamp":"${text}"`)
    }
    await store.close()
    const file = join(temporaryFolder(), 'dump.json')
    writeFileSync(file, texts.join(''))
    const other = await open()
    const restore = await openRestore(other, [])
    expect(await importDatabase(file, restore, new AbortController().signal, () => {})).toEqual(counts)
    const again: string[] = []
    await exportDatabase(other, { write: async (text) => void again.push(text) }, () => {})
    expect(again.join('')).toBe(texts.join(''))
    await other.db.destroy()
  })
})
