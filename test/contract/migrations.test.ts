import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TransientError } from '../../src/domain/errors.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { insertRows, type Row } from '../../src/store/insert-rows.ts'
import { requireCurrentSchema, upgradeSchema } from '../../src/store/schema/migrate.ts'
import type { Tables } from '../../src/store/schema/schema.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { DATABASES } from '../support/databases.ts'
import { event, routerOf } from '../support/events.ts'

const IDS = [1, 8191, 8192, 32_767, 32_768, 5_000_000_007]

describe.each(DATABASES)('migrations of $name', ({ open }) => {
  let database: OpenDatabase

  beforeEach(async () => {
    database = await open()
  })

  afterEach(async () => {
    await database.db.destroy()
  })

  const fill = (table: keyof Tables, rows: readonly Row[]) =>
    insertRows(database.db, database.dialect, table, rows)

  /** Back to the indexes of the first schema. */
  async function revert(): Promise<void> {
    const { db, dialect } = database
    const old = { event_by_type: 'event_type_id, `generated`', event_by_time: '`generated`, id' }
    for (const statement of dialect.types.replaceIndexes('event', old)) await sql.raw(statement).execute(db)
    await forget()
  }

  /** As if it had been broken off before its end was noted. */
  async function forget(): Promise<void> {
    const { db, dialect } = database
    await sql`delete from kysely_migration where name > '002'`.execute(db)
    // One that is broken off leaves nothing there; in the other it can be repeated.
    if (!dialect.hasOneConnection) return
    for (const column of ['queues', 'report_no', 'heard_at'])
      await sql`alter table writer drop column ${sql.ref(column)}`.execute(db)
    await sql`alter table stream drop column is_quiet`.execute(db)
    await sql`drop table replay`.execute(db)
  }

  test('what was in buckets of 32,768 ids is found in those of 8,192, however often that was broken off', async () => {
    await revert()
    const hash = database.dialect.bytes('00112233445566aa')
    const old = (id: number) => ({ bucket: Math.floor(id / 32_768), hash })
    await fill(
      'event_trait',
      IDS.map((id) => ({ ...old(id), event_id: id })),
    )
    await fill(
      'stream_trait',
      IDS.map((id) => ({ ...old(id), stream_id: id })),
    )
    await fill('event_span', [{ bucket: 0, min_generated: 1, max_generated: 2 }])
    const expected = IDS.map((id) => ({ id, bucket: Math.floor(id / 8192) }))
    for (let time = 0; time < 2; time++) {
      expect(await upgradeSchema(database.db, database.dialect.types)).toEqual([
        '002-local-indexes',
        '003-queue-positions',
        '004-replays',
        '005-actions-and-changes',
        '006-samples',
      ])
      for (const [table, id] of [
        ['event_trait', 'event_id'],
        ['stream_trait', 'stream_id'],
      ] as const) {
        const { rows } = await sql`select ${sql.ref(id)} as id, bucket from ${sql.table(table)}
          order by ${sql.ref(id)}`.execute(database.db)
        expect(rows).toEqual(expected)
      }
      expect(await database.db.selectFrom('event_span').selectAll().execute()).toEqual([])
      await forget()
    }
  })

  test('who stored before the schema was changed stores no more, and loses nothing', async () => {
    const store = await createSqlStore(database, { writer: 'test' })
    const arrivals = [{ event: event({}), at: 0, keys: [] }]
    await sql`insert into kysely_migration (name, timestamp) values ('999-later', '')`.execute(database.db)
    const storing = store.storeBatch({ arrivals, deadLetters: [] }, routerOf({}))
    await expect(storing).rejects.toThrow('the schema was changed for another version of stacktach')
    await expect(storing).rejects.toBeInstanceOf(TransientError)
  })

  test('a database of StackTach.v3 is recognised and stays as it is', async () => {
    const { db, dialect } = database
    await sql`delete from kysely_migration`.execute(db)
    await expect(upgradeSchema(db, dialect.types)).rejects.toThrow(
      /^the database has tables that no migration has made \(/,
    )
    await sql`create table dist_trait (stream_id integer not null)`.execute(db)
    for (const refuse of [() => upgradeSchema(db, dialect.types), () => requireCurrentSchema(db)])
      await expect(refuse()).rejects.toThrow(
        /^the database is one of StackTach\.v3, .* expected a database of its own/,
      )
    const { rows } = await sql`select name from kysely_migration`.execute(db)
    expect(rows).toEqual([])
  })
})
