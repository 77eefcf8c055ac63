import { vi } from 'vitest'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { openSqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts'
import type { World } from './world.ts'

/**
 * Plays a world from `start` on, in ms, and returns what `play` does: timers, clocks and chance are the world's, and the
 * embedded database that it is given has the same clock. The same seed plays the same.
 */
export async function onSimulatedTime<T>(
  world: World,
  start: number,
  play: (database: OpenDatabase) => Promise<T>,
): Promise<T> {
  vi.useFakeTimers({
    now: start,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  })
  vi.spyOn(Math, 'random').mockImplementation(() => world.random.fraction())
  let database: OpenDatabase | undefined
  try {
    database = await openDatabase()
    return await play(database)
  } finally {
    await database?.db.destroy()
    vi.restoreAllMocks()
    vi.useRealTimers()
  }
}

/** Opens an embedded database whose own clock is that of the simulation. */
async function openDatabase(): Promise<OpenDatabase> {
  const { db, dialect } = openSqliteDatabase(':memory:')
  await upgradeSchema(db, dialect.types)
  const machineNow = { get: () => String(Date.now() * 1000), enumerable: true }
  return { db, dialect: Object.defineProperty({ ...dialect }, 'machineNow', machineNow) }
}

/** What all consumers of a simulation have in common: few messages at a time, so that much can happen in between. */
export const SIM_CONSUMER = { maxMessageBytes: 1e6, prefetch: 20, batchSize: 5, batchMs: 10 } as const
