import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createContext } from '../../src/store/context.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import type { Page } from '../../src/store/ports/queries.ts'
import { readVisible } from '../../src/store/queries/visible-page.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import type { Executor } from '../../src/store/schema/schema.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { noteUnindexed } from '../../src/store/upkeep/indexed-traits.ts'
import { createTestDatabase } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const UP: Page = { limit: 7, mark: undefined, ascending: true }

const router = routerOf({})

async function openStore(url: string, writer?: string): Promise<Store & { database: OpenDatabase }> {
  const database = await openMysqlDatabase({ url: new URL(url) })
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database, { writer })
  onTestFinished(() => store.close())
  return { ...store, database }
}

function put(store: Store, names: readonly string[]) {
  const arrivals = names.map((name) => {
    const one = event({ messageId: name, host: name, timestamp: NOW })
    return { event: one, at: NOW, keys: router.keysOf(one) }
  })
  return store.storeBatch({ arrivals, deadLetters: [] }, router)
}

test('a page waits for a transaction that has taken lower ids and is not done yet', async () => {
  const url = await createTestDatabase()
  const [slow, quick, reader] = [
    await openStore(url, 'slow'),
    await openStore(url, 'quick'),
    await openStore(url),
  ]
  await put(slow, ['first'])
  // What storing does: the writer's row, then an event.
  const held = hold(slow.database, 'slow', async (tx) => {
    await tx.insertInto('event').values(HELD).execute()
  })
  await held.isHolding
  await put(quick, ['last'])
  let isRead = false
  const reading = reader.listEvents({}, UP).then((events) => {
    isRead = true
    return events.map(({ messageId }) => messageId)
  })
  // The reader waits for a lock: the server says so.
  const isWaiting = async () =>
    (
      await slow.database.db
        .selectFrom('information_schema.processlist' as never)
        .select('INFO' as never)
        .where('INFO' as never, 'like', '%from `writer` where `id` = % for update' as never)
        .execute()
    ).length > 0
  while (!(await isWaiting()) && !isRead) await delay(5)
  expect(isRead).toBe(false)
  await put(quick, ['later'])
  held.letGo()
  await held.done
  expect(await reading).toEqual(['first', 'held', 'last'])
})

test('pages upwards and downwards miss nothing and repeat nothing while several consumers store', async () => {
  const url = await createTestDatabase()
  const writers = [await openStore(url, 'one'), await openStore(url, 'two'), await openStore(url, 'three')]
  const reader = await openStore(url)
  let isStoring = true
  const storing = Promise.all(
    writers.map(async (writer, number) => {
      for (let batch = 0; batch < 60; batch++) {
        const names = Array.from({ length: 1 + randomInt(20) }, (_, index) => `${number}-${batch}-${index}`)
        await put(writer, names)
      }
    }),
  ).finally(() => {
    isStoring = false
  })
  const lists = {
    events: (page: Page) => reader.listEvents({}, page),
    streams: (page: Page) => reader.listStreams({}, page),
  }
  const followed = Object.entries(lists).map(async ([name, list]) => {
    const seen: number[] = []
    for (let mark: number | undefined; ; ) {
      const wasStoring = isStoring
      const ids = (await list({ ...UP, mark })).map(({ id }) => id)
      seen.push(...ids)
      mark = ids.at(-1) ?? mark
      if (ids.length === 0 && !wasStoring) return [name, seen] as const
    }
  })
  const downwards: number[][] = []
  while (isStoring) {
    const walk: number[] = []
    for (let mark: number | undefined; ; mark = walk.at(-1)) {
      const ids = (await reader.listEvents({}, { limit: 50, mark, ascending: false })).map(({ id }) => id)
      if (ids.length === 0) break
      walk.push(...ids)
    }
    downwards.push(walk)
  }
  await storing
  for (const [name, seen] of await Promise.all(followed)) {
    const all = (await lists[name as keyof typeof lists]({ ...UP, limit: 10_000 })).map(({ id }) => id)
    expect(seen).toEqual(all)
  }
  const all = (await lists.events({ ...UP, limit: 10_000 })).map(({ id }) => id)
  for (const walk of downwards) {
    const top = walk[0] ?? 0
    expect(walk).toEqual(all.filter((id) => id <= top).reverse())
  }
})

test('what another request finds settled meanwhile says nothing of what was read before', async () => {
  const url = await createTestDatabase()
  const [quick, reader] = [await openStore(url, 'quick'), await openStore(url)]
  await put(quick, ['first'])
  const context = createContext(reader.database)
  const seen: number[] = []
  const rows = await readVisible(context, 'event', async (top) => {
    const read = await reader.database.db.selectFrom('event').select('id').where('id', '<=', top).execute()
    if (seen.length === 0) context.visibleUpTo.event = Number.MAX_SAFE_INTEGER
    seen.push(read.length)
    await put(quick, [`later-${seen.length}`])
    return read
  })
  expect(seen).toEqual([1, 1])
  expect(rows).toHaveLength(1)
})

test('a trait that becomes indexed while others store without it is found in what they stored', async () => {
  const url = await createTestDatabase()
  const [holder, older, reader] = [
    await openStore(url, 'holder'),
    await openStore(url, 'older'),
    await openStore(url),
  ]
  const held = hold(holder.database, 'holder', async () => {})
  await held.isHolding
  const newer = openMysqlDatabase({ url: new URL(url) }).then((database) =>
    createSqlStore(database, { writer: 'newer', indexedTraits: ['zone'] }),
  )
  const known = () =>
    reader.database.db.selectFrom('indexed_trait').selectAll().where('name', '=', 'zone').execute()
  while ((await known()).length === 0) await delay(5)
  // It has seen that somebody is to index the trait, and stores without it.
  const stored = hold(older.database, 'older', async (tx) => {
    await tx
      .insertInto('event')
      .values({ ...HELD, traits: '{"zone":"z"}' })
      .execute()
    await noteUnindexed(tx, createContext(older.database), 1)
  })
  await stored.isHolding
  held.letGo()
  await held.done
  stored.letGo()
  await stored.done
  const store = await newer
  expect(await known()).toEqual([{ name: 'zone', from_id: 2 }])
  await store.close()
})

const HELD = {
  message_hash: Buffer.alloc(16, 7),
  message_id: 'held',
  generated: NOW,
  event_type_id: 1,
  traits: '{}',
}

/** A transaction that locks a writer's row, does something, and waits to be let go. */
function hold({ db }: OpenDatabase, writer: string, work: (tx: Executor) => Promise<void>) {
  const isHolding = Promise.withResolvers<void>()
  const letGo = Promise.withResolvers<void>()
  const done = db.transaction().execute(async (tx) => {
    // Looking for the name would wait for other rows too.
    const { id } = await tx
      .selectFrom('writer')
      .select('id')
      .where('name', '=', writer)
      .executeTakeFirstOrThrow()
    await tx.selectFrom('writer').select('id').where('id', '=', id).forUpdate().execute()
    await work(tx)
    isHolding.resolve()
    await letGo.promise
  })
  return { isHolding: isHolding.promise, letGo: () => letGo.resolve(), done }
}
