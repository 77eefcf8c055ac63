import { type Kysely, sql } from 'kysely'
import { upgradeSchema } from '../schema/migrate.ts'
import type { Tables } from '../schema/schema.ts'
import { SQLITE_TYPES } from './sqlite-column-types.ts'

/**
 * Applies the missing migrations of a SQLite file in one transaction, so that several processes may do so at
 * the same time: one applies them while the others wait.
 */
export async function upgradeSqlite(db: Kysely<Tables>): Promise<void> {
  await db.connection().execute(async (connection) => {
    await sql`begin`.execute(connection)
    try {
      await upgradeSchema(connection, SQLITE_TYPES)
      await sql`commit`.execute(connection)
    } catch (error) {
      await sql`rollback`.execute(connection)
      throw error
    }
  })
}
