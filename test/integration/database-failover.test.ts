import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, MysqlDialect, sql } from 'kysely'
import { createConnection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Mariadb } from '../../sandbox/servers/mariadb.ts'
import { createMysqlDatabase } from '../../sandbox/servers/mysql-store.ts'
import { TransientError } from '../../src/domain/errors.ts'
import { LoggerHandler } from '../../src/pipeline/handlers/logger-handler.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { MysqlConnections } from '../../src/store/mysql/mysql-connections.ts'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import { schemaStatus, upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { event } from '../support/events.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { ALL, NOW, router, workerWith } from '../support/worker.ts'

let folder: string
const servers: Mariadb[] = []
/** Of an account that may write nothing on a server that is read only. */
let accountUrl: (server: Mariadb) => string
let name = ''
let count = 0
const ends: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stacktach-failover-'))
  for (const part of ['a', 'b']) servers.push(await Mariadb.start(join(folder, part)))
  for (const { url } of servers) await admin(url, "create user app@'%' identified by 'pw'")
  accountUrl = ({ url }) => `mysql://app:pw@127.0.0.1:${new URL(url).port}/${name}`
})

beforeEach(async () => {
  name = `w${++count}`
  for (const { url } of servers) {
    await createMysqlDatabase(url, name)
    await admin(url, `grant all on ${name}.* to app@'%'`)
  }
})

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  for (const { url } of servers) await admin(url, 'set global read_only = 0')
})

afterAll(async () => {
  for (const server of servers) await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function admin(url: string, ...statements: string[]): Promise<void> {
  const connection = await createConnection(url)
  for (const statement of statements) await connection.query(statement)
  await connection.end()
}

async function open(url: string, connections?: number): Promise<OpenDatabase> {
  const database = await openMysqlDatabase({ url, ...(connections ? { connections } : {}) })
  ends.push(() => database.db.destroy())
  return database
}

/** Stores on both servers as their owner sees them, their schema made. */
async function ownStores(): Promise<[Store, Store]> {
  const made = servers.map(async ({ url }) => {
    const database = await open(`${url}/${name}`)
    await upgradeSchema(database.db, database.dialect.types)
    return createSqlStore(database, { writer: 'owner' })
  })
  return (await Promise.all(made)) as [Store, Store]
}

async function proxyTo(server: Mariadb): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(server.url)
  ends.push(() => proxy.stop())
  return proxy
}

function portOf({ url }: Mariadb): number {
  return Number(new URL(url).port)
}

function batchOf(messageId: string, text = 'h') {
  const one = event({ messageId, host: text, eventType: 'x', timestamp: NOW })
  return { arrivals: [{ event: one, at: NOW, keys: router.keysOf(one) }], deadLetters: [] }
}

/** As a consumer does: what may be otherwise the next time is tried again. */
async function storeWhenPossible(store: Store, batch: Parameters<Store['storeBatch']>[0]): Promise<unknown> {
  let outcome: unknown
  await until('storing', async () => {
    outcome = await store.storeBatch(batch, router).catch((error) => error)
    return !(outcome instanceof TransientError)
  })
  return outcome
}

test('what is written after a failover by name goes to the new primary, over every connection', async () => {
  const [a, b] = servers as [Mariadb, Mariadb]
  const [, onB] = await ownStores()
  const proxy = await proxyTo(a)
  const database = await open(proxy.urlOf(accountUrl(a)), 4)
  const store = await createSqlStore(database, { writer: 'test' })
  const portsNow = async () => {
    const port = () =>
      sql<{ port: number }>`select @@port as port from (select sleep(0.2)) as s`.execute(database.db)
    const found = await Promise.all([port(), port(), port(), port()])
    return [...new Set(found.map(({ rows }) => rows[0]?.port))]
  }
  expect(await portsNow()).toEqual([portOf(a)])
  await store.storeBatch(batchOf('before'), router)
  await admin(a.url, 'set global read_only = 1')
  proxy.lead(portOf(b))
  expect(await storeWhenPossible(store, batchOf('after'))).toMatchObject({ stored: 1, duplicates: 0 })
  expect(await onB.findEvent('after')).toMatchObject({ messageId: 'after' })
  expect(await portsNow()).toEqual([portOf(b)])
})

test('a worker that finds its server read only goes on at the new one', async () => {
  const [a, b] = servers as [Mariadb, Mariadb]
  const own = await ownStores()
  const proxy = await proxyTo(a)
  const store = await createSqlStore(await open(proxy.urlOf(accountUrl(a))))
  const { worker } = workerWith(store, LoggerHandler, { retries: 0, concurrency: 4 })
  await worker.start()
  ends.push(() => worker.stop())
  await own[0].storeBatch(batchOf('first'), router)
  await until(
    'running at the old one',
    async () => (await own[0].countStreams({ state: 'completed' }, ALL)) === 1,
  )
  await admin(a.url, 'set global read_only = 1')
  proxy.lead(portOf(b))
  // What replication would bring to both.
  for (const each of own) await each.storeBatch(batchOf('second'), router)
  await until(
    'running at the new one',
    async () => (await own[1].countStreams({ state: 'completed' }, ALL)) === 1,
  )
})

async function idsOf({ db }: OpenDatabase, connections: number): Promise<number[]> {
  const held = Array.from({ length: connections }, () =>
    sql<{ id: number }>`select connection_id() as id from (select sleep(0.2)) as s`.execute(db),
  )
  return (await Promise.all(held)).map(({ rows }) => Number(rows[0]?.id)).sort((x, y) => x - y)
}

test.each([
  ['given up, with all that were made before', 1290, true],
  ['given up, with all that were made before', 1836, true],
  ['given up, with all that were made before', 1792, true],
  ['given up, with all that were made before', 1047, true],
  ['given up, with all that were made before', 1180, true],
  ['given up, with all that were made before', 1053, true],
  ['kept', 1205, false],
  ['kept', 1213, false],
  ['kept', 1317, false],
])('a connection is %s after error %i', async (_, errno, isGivenUp) => {
  const database = await open(accountUrl(servers[0] as Mariadb), 3)
  const before = await idsOf(database, 3)
  const failing = sql.raw(`begin not atomic signal sqlstate 'HY000' set mysql_errno = ${errno}; end`)
  await expect(failing.execute(database.db)).rejects.toMatchObject({ errno })
  const after = await idsOf(database, 3)
  expect(after.filter((id) => before.includes(id))).toHaveLength(isGivenUp ? 0 : 3)
})

test('a server that comes back with smaller packets refuses one message and no other', async () => {
  const [a] = servers as [Mariadb, Mariadb]
  await ownStores()
  const store = await createSqlStore(await open(accountUrl(a)), { writer: 'test' })
  await store.storeBatch(batchOf('before'), router)
  await a.restart('SIGKILL', ['--max-allowed-packet=1M'])
  const large = 'x'.repeat(3_000_000)
  expect(await storeWhenPossible(store, batchOf('large', large))).toMatchObject({
    message: expect.stringMatching(/too large|larger|bytes/),
  })
  const deadLetters = [{ stage: 'store', reason: 'too large', queue: 'q', body: Buffer.from(large), at: NOW }]
  const letters = { arrivals: [], deadLetters } as unknown as Parameters<Store['storeBatch']>[0]
  expect(await storeWhenPossible(store, letters)).toMatchObject({ stored: 0, duplicates: 0 })
  expect(await storeWhenPossible(store, batchOf('after'))).toMatchObject({ stored: 1, duplicates: 0 })
  await a.restart('SIGTERM', [])
  expect(await storeWhenPossible(store, batchOf('large', large))).toMatchObject({ stored: 1, duplicates: 0 })
})

test('settings of the server that would change what statements do are set by each session', async () => {
  const [a] = servers as [Mariadb, Mariadb]
  const settings = [
    'autocommit = 0',
    'sql_select_limit = 3',
    'sql_safe_updates = 1',
    'sql_big_selects = 0',
    'completion_type = 1',
    "sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'",
    'tx_read_only = 1',
  ]
  await admin(a.url, `set global ${settings.join(', global ')}`)
  try {
    const database = await open(accountUrl(a))
    await upgradeSchema(database.db, database.dialect.types)
    const again = await open(accountUrl(a))
    const states = await schemaStatus(again.db, again.dialect.types)
    expect(states.filter(({ appliedAt }) => appliedAt === undefined)).toEqual([])
    const store = await createSqlStore(again, { writer: 'test' })
    for (let n = 0; n < 5; n++) await store.storeBatch(batchOf(`m${n}`, `it's "${n}" \\`), router)
    const third = await createSqlStore(await open(accountUrl(a)))
    expect((await third.listEvents({}, ALL)).map(({ messageId }) => messageId)).toHaveLength(5)
  } finally {
    const reset = settings.map((setting) => `${setting.split(' ')[0]} = default`)
    await admin(a.url, `set global ${reset.join(', global ')}`)
  }
})

test.each(['test', undefined])(
  'ids are counted by the step of the connection that stores, whatever others are set up with meanwhile: %s',
  async (writer) => {
    const [server] = servers as [Mariadb, Mariadb]
    const [owner] = await ownStores()
    const database = await open(`${server.url}/${name}`, 4)
    const store = await createSqlStore(database, { writer })
    await admin(
      `${server.url}/${name}`,
      `create trigger dawdle before insert on event for each row
     begin if new.message_id = 'slow' then do sleep(1); end if; end`,
      'set global auto_increment_increment = 7',
    )
    ends.push(() => admin(server.url, 'set global auto_increment_increment = 1'))
    const ids = ['slow', 'b', 'c', 'd']
    const batches = ids.map((id) => batchOf(id, `host ${id}`))
    const arrivals = batches.flatMap((batch) => batch.arrivals)
    const storing = store.storeBatch({ arrivals, deadLetters: [] }, router)
    // While it waits these need more connections, which have the new step.
    const sleepers = sql<{ n: number }>`select count(*) as n from information_schema.processlist
    where state = 'User sleep' and db = ${name}`
    const observer = await open(`${server.url}/${name}`, 1)
    await until(
      'it to be inserting',
      async () => Number((await sleepers.execute(observer.db)).rows[0]?.n) > 0,
    )
    const others = Array.from({ length: 3 }, () => sql`select sleep(0.2)`.execute(database.db))
    await Promise.all([storing, ...others])
    const streams = await owner.listStreams({}, ALL)
    const members = await owner.eventsOfStreams(streams.map(({ id }) => id))
    expect([...members.values()].map((events) => events.map(({ messageId }) => messageId))).toEqual(
      ids.map((id) => [id]),
    )
  },
)

test('a connection that cannot be set up is told of, and takes no place for good', async () => {
  const { port, pathname } = new URL(accountUrl(servers[0] as Mariadb))
  let statement = "signal sqlstate 'HY000' set mysql_errno = 1047"
  const pool = new MysqlConnections(
    {
      host: '127.0.0.1',
      port: Number(port),
      user: 'app',
      password: 'pw',
      database: pathname.slice(1),
      connectionLimit: 1,
    },
    () => [statement],
  )
  const db = new Kysely({ dialect: new MysqlDialect({ pool }) })
  ends.push(() => db.destroy())
  await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ errno: 1047 })
  await expect(db.transaction().execute((tx) => sql`select 1`.execute(tx))).rejects.toMatchObject({
    errno: 1047,
  })
  statement = 'do 1'
  await sql`select 1`.execute(db)
})
