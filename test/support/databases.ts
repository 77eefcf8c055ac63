import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { createMysqlDatabase } from '../../sandbox/servers/mysql-store.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { openSqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts'

/** Creates an empty database on the test's server. Returns its URL. */
export function createTestDatabase(): Promise<string> {
  return createMysqlDatabase(inject('databaseUrl'), `st_${randomUUID().replaceAll('-', '')}`)
}

/** Opens a database of the test's server and brings it to the current schema. */
export async function openTestDatabase(url: string): Promise<OpenDatabase> {
  const database = await openMysqlDatabase({ url: new URL(url) })
  await upgradeSchema(database.db, database.dialect.types)
  return database
}

/** Both kinds of database, each empty and with the current schema. */
export const DATABASES: readonly { name: string; open(): Promise<OpenDatabase> }[] = [
  {
    name: 'sqlite',
    async open() {
      const database = openSqliteDatabase(':memory:')
      await upgradeSchema(database.db, database.dialect.types)
      return database
    },
  },
  {
    name: 'mysql',
    open: async () => openTestDatabase(await createTestDatabase()),
  },
]
