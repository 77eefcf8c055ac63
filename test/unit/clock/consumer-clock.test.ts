import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ConsumerClock } from '../../../src/clock/consumer-clock.ts'
import { MICROS_PER_DAY, MICROS_PER_HOUR } from '../../../src/domain/time.ts'
import { type Logger, silentLogger } from '../../../src/runtime/logger.ts'
import type { NumberedReports, QueueReports, ReportedPositions } from '../../../src/store/ports/watermarks.ts'

const START = Date.UTC(2026, 0, 5)

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const now = () => Date.now() * 1000

/** A clock of one queue, and what it has reported last. */
async function setUp(before: ReportedPositions[] = [], logger: Logger = silentLogger) {
  let written: QueueReports = {}
  let reports = 0
  let isAway = false
  const store = {
    report: async (make: () => NumberedReports) => {
      if (isAway) await new Promise(() => {})
      reports++
      written = make().queues
    },
    readReports: async () => before,
    forgetReports: async () => {},
    forgetQueue: async () => {},
  }
  const clock = new ConsumerClock({ store, logger, patienceMs: 30 * 86_400_000 })
  clock.reads('q', () => false)
  await clock.start()
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
  /** Stores a batch of one event, reported with it. */
  const store1 = (timestamp: number) => {
    clock.hold('q')
    const joinedAt = clock.arrive('q', timestamp)
    const mark = clock.prepared('q')
    const report = clock.reportsAfter('q', mark)
    if (report) written = report().queues
    clock.storedUpTo('q', joinedAt, mark)
    clock.release('q')
    return joinedAt
  }
  return {
    clock,
    pass,
    store1,
    held: () => written.q,
    count: () => reports,
    loseDatabase: () => {
      isAway = true
    },
  }
}

test('a queue that has just been begun to be read holds the clock until it is empty for 5 s', async () => {
  const { clock, pass, held } = await setUp()
  expect(held()).toMatchObject({ why: 'unread', at: START * 1000 })
  clock.reading('q', true)
  await pass(3000)
  expect(held()).toMatchObject({ why: 'starting', at: START * 1000 })
  await pass(4000)
  expect(held()).toMatchObject({ why: null, at: null })
})

test('hours later its first message does not hold the clock where the consumer began', async () => {
  const { clock, pass, held, store1 } = await setUp()
  clock.reading('q', true)
  await pass(10_000)
  await pass(3 * 3_600_000)
  clock.hold('q')
  await pass(2000)
  expect(held()).toMatchObject({ at: null })
  store1(now())
  expect(held()).toMatchObject({ at: null })
})

test('while a queue is behind it is logged once a minute', async () => {
  const told: string[] = []
  const logger = { ...silentLogger, warn: (_: object, message: string) => void told.push(message) }
  const { clock, pass, store1 } = await setUp([], logger)
  clock.reading('q', true)
  for (let second = 0; second < 150; second++) {
    store1(now() - 3 * MICROS_PER_DAY + second * 60_000_000)
    await pass(1000)
  }
  expect(told).toHaveLength(3)
  expect(told[0]).toBe('queue q is 3 days behind; the event clock follows the notifications')
})

test('a backlog holds the clock at its position until the queue has paused, and not again for what comes then', async () => {
  const { clock, pass, held, store1 } = await setUp()
  clock.reading('q', true)
  const old = now() - 3 * MICROS_PER_DAY
  expect(store1(old)).toBe(old)
  expect(held()).toMatchObject({ why: 'backlog', at: old })
  await pass(7000)
  expect(held()).toMatchObject({ at: null })
  store1(now())
  expect(held()).toMatchObject({ at: null })
  clock.reading('q', false)
  await pass(2000)
  expect(held()?.why).toBe('unread')
  expect(Number(held()?.at)).toBeGreaterThan(START * 1000)
})

test('a queue that is read again after a break holds the clock where the break began, until something is stored', async () => {
  const { clock, pass, held, store1 } = await setUp()
  clock.reading('q', true)
  await pass(10_000)
  const lost = now()
  clock.reading('q', false)
  await pass(3 * 3_600_000)
  expect(held()).toMatchObject({ why: 'unread', at: lost })
  clock.reading('q', true)
  clock.hold('q')
  await pass(2000)
  expect(held()).toMatchObject({ why: 'starting', at: lost })
  store1(lost + 1_000_000)
  expect(held()).toMatchObject({ why: 'backlog' })
})

test('the clock goes on from where the consumers before left the queue', async () => {
  const left = now() - MICROS_PER_DAY
  const queues = { q: { at: left, since: left, why: 'backlog', hasLeft: true } } as const
  const { clock, pass, held } = await setUp([{ writer: 1, name: 'before', queues, ageMs: 86_400_000 }])
  clock.reading('q', true)
  await pass(1000)
  expect(held()).toMatchObject({ why: 'starting', at: left })
})

test('a message without a time is of the time that was foreseen for its queue, and no later one is', async () => {
  const { clock, pass } = await setUp()
  clock.reading('q', true)
  expect(clock.isUnknown('q')).toBe(true)
  const old = now() - MICROS_PER_HOUR
  clock.foresee('q', old)
  expect(clock.timeOf('q')).toBe(old)
  clock.arrive('q', old)
  clock.prepared('q')
  await pass(3_600_000)
  expect(clock.timeOf('q')).toBe(now())
})

test('reports do not pile up while the database is away', async () => {
  const { clock, pass, count, loseDatabase } = await setUp()
  clock.reading('q', true)
  loseDatabase()
  const before = count()
  await pass(600_000)
  expect(count()).toBe(before)
  expect(vi.getTimerCount()).toBe(1)
})
