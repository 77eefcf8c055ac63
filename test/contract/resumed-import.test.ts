import { createConnection } from 'mysql2/promise'
import { describe, expect, onTestFinished, test } from 'vitest'
import { importWinchester } from '../../src/dump/import-winchester.ts'
import { openRestore, type Restore } from '../../src/store/copy/restore.ts'
import { openWinchester } from '../../src/store/copy/winchester/open-winchester.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { DATABASES } from '../support/databases.ts'
import { createWinchester } from '../support/winchester.ts'

/** More than are moved in one transaction. */
const STREAMS = 201
const PAGE = { limit: 10, mark: undefined, ascending: true }

/** Creates a database of StackTach.v3 with active streams of one event each. */
function createSource(): Promise<string> {
  const ids = Array.from({ length: STREAMS }, (_, index) => index + 1)
  return createWinchester(
    ids.map((id) => ({ message_id: `m${id}`, at: `${1_404_812_450 + id}.000000`, type: 'x' })),
    ids.map((id) => ({ name: 'day', state: 1, traits: { host: `h${id}` }, events: [id] })),
  )
}

async function change(url: string, statements: readonly string[]): Promise<void> {
  const connection = await createConnection(url)
  try {
    for (const statement of statements) await connection.query(statement)
  } finally {
    await connection.end()
  }
}

describe.each(DATABASES)('an import of StackTach.v3 into $name', ({ open }) => {
  async function opened() {
    const database = await open()
    const store = await createSqlStore(database, { writer: 'test' })
    onTestFinished(() => store.close())
    return { database, store }
  }

  /** Imports what the source holds now; `at` may interrupt it. */
  async function move(
    { database, store }: { database: OpenDatabase; store: Awaited<ReturnType<typeof createSqlStore>> },
    url: string,
    {
      at = () => false,
      via = (one) => one,
    }: { at?: (streams: number) => boolean; via?: (one: Restore) => Restore } = {},
  ) {
    const source = await openWinchester(url)
    const stopping = new AbortController()
    try {
      const restore = via(await openRestore(database, [], 'resume'))
      return await importWinchester(source, { restore, queries: store }, stopping.signal, ({ streams }) => {
        if (at(streams)) stopping.abort()
      })
    } finally {
      await source.close()
    }
  }

  test('one that goes on has the streams as the old system has them now', async () => {
    const [url, target] = [await createSource(), await opened()]
    await expect(move(target, url, { at: (streams) => streams > 0 })).rejects.toThrow('interrupted')
    const { db } = target.database
    expect(await target.store.countStreams({}, PAGE)).toBe(200)
    // Stream 1 takes an event and fires, stream 2 is purged, and their key opens another.
    await change(url, [
      "insert into event values (1000, 'm1000', 1404900000, 1)",
      'insert into streamevent values (1, 1000)',
      'update stream set state = 6, last_event = 1404900000, fire_timestamp = 1404900000 where id = 1',
      'delete from streamevent where stream_id = 2',
      'delete from dist_trait where stream_id = 2',
      'delete from stream where id = 2',
      "insert into stream values (500, 1404900000, 1404900000, null, null, 'day', 1, 0)",
      "insert into dist_trait (stream_id, name, type, dt_string) values (500, 'host', 1, 'h1')",
      'insert into streamevent values (500, 1000)',
    ])
    expect(await move(target, url)).toMatchObject({
      counts: { events: STREAMS + 1, streams: STREAMS },
      memberships: STREAMS + 1,
    })
    expect(await target.store.findStream(1)).toMatchObject({ state: 'completed', eventCount: 2 })
    expect(await target.store.findStream(2)).toBeUndefined()
    const members = await target.store.eventsOfStreams([1, 2])
    expect(members.get(1)?.map(({ messageId }) => messageId)).toEqual(['m1', 'm1000'])
    expect(members.get(2)).toEqual([])
    const pointed = await db.selectFrom('open_stream').select('stream_id').orderBy('stream_id').execute()
    // Those of active streams, and of no other.
    expect(pointed.map(({ stream_id }) => stream_id)).toEqual([
      ...Array.from({ length: 199 }, (_, at) => at + 3),
      500,
    ])
    const traits = await db
      .selectFrom('stream_trait')
      .select('stream_id')
      .where('stream_id', 'in', [1, 2])
      .execute()
    expect(traits).toEqual([{ stream_id: 1 }])
  })

  test('members and states of the streams are counted on both sides', async () => {
    const url = await createSource()
    const without = (restore: Restore): Restore => ({
      ...restore,
      addStreams: (streams) =>
        restore.addStreams(streams.map((one) => (one.id === 77 ? { ...one, messageIds: [] } : one))),
    })
    await expect(move(await opened(), url, { via: without })).rejects.toThrow(
      'the database holds 200 events in streams (201 active), and that of --from 201 events in streams (201 active)',
    )
    const failed = (restore: Restore): Restore => ({
      ...restore,
      addStreams: (streams) =>
        restore.addStreams(streams.map((one) => (one.id === 77 ? { ...one, state: 'error' } : one))),
    })
    await expect(move(await opened(), url, { via: failed })).rejects.toThrow(
      'the database holds 201 events in streams (200 active, 1 error), and that of --from 201',
    )
  })

  test('events are compared from the oldest on that was not purged', async () => {
    const url = await createWinchester(
      Array.from({ length: 300 }, (_, index) => ({
        message_id: `m${index}`,
        at: '1404812450.000000',
        type: 'x',
      })),
      [],
    )
    await change(url, ['update event set id = id + 10000 order by id desc'])
    expect(await move(await opened(), url)).toMatchObject({ compared: { events: 300, streams: 0 } })
  })
})
