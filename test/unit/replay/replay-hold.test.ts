import { expect, test } from 'vitest'
import { lowWatermark } from '../../../src/clock/low-watermark.ts'
import type { ReplayPosition } from '../../../src/replay/records/replay-place.ts'
import { ReplayHold } from '../../../src/replay/replay-hold.ts'
import { upgradeSchema } from '../../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../../src/store/sqlite/sqlite-database.ts'
import type { Store } from '../../../src/store/store.ts'
import { at } from '../../support/events.ts'
import { temporaryFolder } from '../../support/folders.ts'

const WALL = at('2026-11-30T00:00:00')
const NEVER = new AbortController().signal

const positionAt = (time: string, record: number): ReplayPosition => ({
  at: at(time),
  place: { opened: 2, unfinished: [{ file: 1, record }] },
})

async function openStores() {
  const file = `${temporaryFolder()}/events.db`
  const open = async (writer: string) => {
    const database = openSqliteDatabase(file)
    await upgradeSchema(database.db, database.dialect.types)
    return { database, store: await createSqlStore(database, { writer }) }
  }
  return { first: await open('first'), second: await open('second') }
}

function holdOn(store: Store, more: Partial<ConstructorParameters<typeof ReplayHold>[0]> = {}): ReplayHold {
  return new ReplayHold({
    store,
    queue: 'replay-1',
    isShared: true,
    wallNow: () => WALL,
    signal: NEVER,
    ...more,
  })
}

const clockOf = async (store: Store) =>
  lowWatermark(await store.readReports(), { wallNow: WALL, patienceMs: 7 * 86_400_000 }).hold?.at

test('a replay holds the clock where it stands, until it ends', async () => {
  const { first, second } = await openStores()
  const hold = holdOn(first.store)
  expect(await hold.takeOver()).toBeUndefined()
  await hold.begin(positionAt('2026-01-01T00:00:00', 0))
  await hold.report(positionAt('2026-01-02T00:00:00', 10))
  expect(await clockOf(second.store)).toBe(at('2026-01-02T00:00:00'))
  await hold.end()
  expect(await clockOf(second.store)).toBeUndefined()
  await first.store.close()
  expect(await second.store.readReports()).toEqual([])
  await second.store.close()
})

test('with workers that must run nothing the clock stands before everything', async () => {
  const { first, second } = await openStores()
  await holdOn(first.store, { isShared: false }).begin(positionAt('2026-01-01T00:00:00', 0))
  expect(await clockOf(second.store)).toBe(0)
  await first.store.close()
  await second.store.close()
})

test('another process goes on where one has stopped in order, and leaves nothing behind', async () => {
  const { first, second } = await openStores()
  const before = holdOn(first.store)
  await before.begin(positionAt('2026-01-01T00:00:00', 0))
  await before.leave(positionAt('2026-01-03T00:00:00', 77))
  await first.store.close()
  expect(await clockOf(second.store)).toBe(at('2026-01-03T00:00:00'))
  expect(await holdOn(second.store, { queue: 'replay-2' }).takeOver()).toBeUndefined()
  const after = holdOn(second.store)
  const position = await after.takeOver()
  expect(position).toEqual(positionAt('2026-01-03T00:00:00', 77))
  await after.begin(position as ReplayPosition)
  expect(await second.store.readReports()).toHaveLength(1)
  await after.end()
  expect(await clockOf(second.store)).toBeUndefined()
  await second.store.close()
})

test('a process that was killed counts as dead after ten seconds', async () => {
  const { first, second } = await openStores()
  await holdOn(first.store).begin(positionAt('2026-01-01T00:00:00', 5))
  let waited = 0
  const stopping = new AbortController()
  const onWait = () => {
    waited++
    stopping.abort()
  }
  await holdOn(second.store, { signal: stopping.signal, onWait }).takeOver()
  expect(waited).toBe(1)
  await second.database.db
    .updateTable('writer')
    .set(({ eb }) => ({ heard_at: eb('heard_at', '-', 11_000_000) }))
    .execute()
  const after = holdOn(second.store, { onWait })
  expect(await after.takeOver()).toEqual(positionAt('2026-01-01T00:00:00', 5))
  expect(waited).toBe(1)
  await first.store.close()
  await second.store.close()
})
