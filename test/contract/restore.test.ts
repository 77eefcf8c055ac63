import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../src/domain/event.ts'
import { readingsOf } from '../../src/domain/trait-condition.ts'
import { openRestore } from '../../src/store/copy/restore.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { DATABASES } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const PAGE = { limit: 100, mark: undefined, ascending: true }

const events = (...ids: number[]): StoredEvent[] =>
  ids.map((id) => ({ id, ...event({ messageId: `m${id}`, host: 'h', timestamp: NOW }) }))

describe.each(DATABASES)('filling $name', ({ open }) => {
  let database: OpenDatabase
  let store: Store

  beforeEach(async () => {
    database = await open()
    store = await createSqlStore(database, { writer: 'test', indexedTraits: ['host'] })
  })

  afterEach(() => store.close())

  const put = (messageId: string) =>
    store.storeBatch(
      { arrivals: [{ event: event({ messageId }), at: NOW, keys: [] }], deadLetters: [] },
      routerOf(),
    )

  test('nobody else stores in the meantime, and goes on afterwards', async () => {
    const restore = await openRestore(database, [])
    await restore.addEvents(events(5))
    await expect(put('other')).rejects.toThrow('an import is running')
    await restore.finish()
    await put('other')
    expect((await store.listEvents({}, PAGE)).map(({ id }) => id)).toEqual([5, 6])
  })

  test('what is broken off deletes nothing of one that began anew', async () => {
    const first = await openRestore(database, [])
    await first.addEvents(events(1, 2, 3))
    await expect(openRestore(database, [])).rejects.toThrow('--restart')
    const second = await openRestore(database, [], 'restart')
    await second.addEvents(events(1, 2, 3, 4))
    await expect(first.addEvents(events(9))).rejects.toThrow('another import was started')
    await expect(first.undo()).rejects.toThrow('another import was started')
    await second.finish()
    expect(await store.countEvents({}, PAGE)).toBe(4)
  })

  test('an undone one leaves an empty database', async () => {
    const restore = await openRestore(database, [])
    await restore.addEvents(events(1, 40_000))
    await database.db
      .insertInto('event_span')
      .values({ bucket: 0, min_generated: 1, max_generated: 1 })
      .execute()
    await restore.undo()
    expect(await restore.counts()).toEqual({ events: 0, streams: 0 })
    const again = await openRestore(database, [])
    await again.addEvents(events(1))
    await again.finish()
    expect(await store.listEvents({ from: NOW - 1 }, PAGE)).toHaveLength(1)
    expect(await database.db.selectFrom('event_span').selectAll().execute()).toEqual([])
  })

  test('traits that are indexed already are found in what it stores', async () => {
    const restore = await openRestore(database, ['zone'])
    await restore.addEvents(events(1, 2))
    await restore.finish()
    const traits = [{ name: 'host', values: readingsOf('h') }]
    expect(await store.countEvents({ traits }, PAGE)).toBe(2)
  })
})
