import { randomUUID } from 'node:crypto'
import { createConnection } from 'mysql2/promise'
import { inject } from 'vitest'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { upgradeSchema } from '../../src/store/migrate.ts'
import { openMysqlDatabase } from '../../src/store/mysql-database.ts'
import { openSqliteDatabase } from '../../src/store/sqlite-database.ts'

/** Creates an empty database on the test's server; answers its URL. */
export async function createMysqlDatabase(): Promise<string> {
  const url = new URL(inject('databaseUrl'))
  const name = `st_${randomUUID().replaceAll('-', '')}`
  const connection = await createConnection(url.href)
  await connection.query(`create database ${name}`)
  await connection.end()
  url.pathname = `/${name}`
  return url.href
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
    async open() {
      const database = await openMysqlDatabase({ url: new URL(await createMysqlDatabase()) })
      await upgradeSchema(database.db, database.dialect.types)
      return database
    },
  },
]
