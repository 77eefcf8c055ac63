import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { insertRows, type Row } from '../../src/store/insert-rows.ts'
import { makeIndexesLocal } from '../../src/store/migrations/002-local-indexes.ts'
import { BUCKET_SIZE, bucketOf, type Tables } from '../../src/store/schema.ts'
import { DATABASES } from '../support/databases.ts'

const IDS = [1, BUCKET_SIZE - 1, BUCKET_SIZE, 32_767, 32_768, 5_000_000_007]

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

  test('what was in buckets of 32,768 ids is found in those of today', async () => {
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
    for (const statement of makeIndexesLocal(database.dialect.types))
      await sql.raw(statement).execute(database.db)
    const expected = IDS.map((id) => ({ id, bucket: bucketOf(id) }))
    for (const [table, id] of [
      ['event_trait', 'event_id'],
      ['stream_trait', 'stream_id'],
    ] as const) {
      const { rows } = await sql`select ${sql.ref(id)} as id, bucket from ${sql.table(table)}
        order by ${sql.ref(id)}`.execute(database.db)
      expect(rows).toEqual(expected)
    }
    expect(await database.db.selectFrom('event_span').selectAll().execute()).toEqual([])
  })
})
