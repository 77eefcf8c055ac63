import { createConnection } from 'mysql2/promise'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'

/** Opens a store for inspecting a database. */
export async function createMysqlStore(url: string): Promise<Store> {
  return createSqlStore(await openMysqlDatabase({ url: new URL(url) }))
}

/** Creates an empty database on a server whose URL names none. Returns the URL of the database. */
export async function createMysqlDatabase(serverUrl: string, name: string): Promise<string> {
  const url = new URL(serverUrl)
  const connection = await createConnection(url.href)
  await connection.query(`create database ${name}`)
  await connection.end()
  url.pathname = `/${name}`
  return url.href
}
