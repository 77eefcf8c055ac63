import { expect, test } from 'vitest'
import { lowWatermark } from '../../../src/clock/low-watermark.ts'
import { describeHold, WatermarkClock } from '../../../src/clock/watermark-clock.ts'
import { MICROS_PER_DAY } from '../../../src/domain/time.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import type { QueueReport, ReportedPositions } from '../../../src/store/ports/watermarks.ts'
import { at } from '../../support/events.ts'

const NOW = at('2026-01-05T09:00:00')
const FRIDAY = at('2026-01-02T08:00:00')
const DAY_MS = 86_400_000

const caughtUp: QueueReport = { at: null, since: NOW, why: null }
const behind = (time = FRIDAY): QueueReport => ({ at: time, since: NOW, why: 'backlog' })
const left = (report: QueueReport): QueueReport => ({ ...report, hasLeft: true })

let writers = 0
function consumer(queues: { [queue: string]: QueueReport }, ageMs = 500): ReportedPositions {
  writers++
  return { writer: writers, name: `c${writers}`, queues, ageMs }
}

function holdOf(...reports: ReportedPositions[]) {
  const { hold } = lowWatermark(reports, { wallNow: NOW, patienceMs: 7 * DAY_MS })
  return hold && [hold.queue, hold.why, hold.at]
}

test('without consumers, or when all have read their queues, nobody holds the clock', () => {
  expect(holdOf()).toBeUndefined()
  expect(holdOf(consumer({ a: caughtUp }), consumer({ a: caughtUp, b: caughtUp }))).toBeUndefined()
})

test('the earliest of several queues and consumers holds it', () => {
  const early = FRIDAY - MICROS_PER_DAY
  expect(
    holdOf(consumer({ a: behind() }), consumer({ b: caughtUp, c: behind(early) }), consumer({ a: caughtUp })),
  ).toEqual(['c', 'backlog', early])
})

test('a consumer that is not heard of holds the clock for half a minute, while others read its queue', () => {
  const living = consumer({ a: caughtUp })
  expect(holdOf(living, consumer({ a: caughtUp }, 5000))).toEqual(['a', 'silent', NOW - 5_000_000])
  expect(holdOf(living, consumer({ a: behind() }, 20_000))).toEqual(['a', 'silent', FRIDAY])
  expect(holdOf(living, consumer({ a: behind() }, 31_000))).toBeUndefined()
})

test('a consumer that left in order holds nothing while others read its queue, unless it left a backlog', () => {
  const living = consumer({ a: caughtUp })
  expect(holdOf(living, consumer({ a: left(caughtUp) }))).toBeUndefined()
  expect(holdOf(living, consumer({ a: left(behind()) }))).toEqual(['a', 'silent', FRIDAY])
  expect(holdOf(living, consumer({ a: left(behind()) }, 31_000))).toBeUndefined()
})

test('a queue that nobody reads any more holds the clock where it was left, for days, and then no more', () => {
  const other = consumer({ b: caughtUp })
  expect(holdOf(other, consumer({ a: left(caughtUp) }, 3 * DAY_MS))).toEqual([
    'a',
    'gone',
    NOW - 3 * MICROS_PER_DAY,
  ])
  expect(holdOf(other, consumer({ a: behind() }, 3 * DAY_MS))).toEqual(['a', 'gone', FRIDAY])
  expect(holdOf(other, consumer({ a: left(caughtUp) }, 8 * DAY_MS))).toBeUndefined()
})

test('of consumers that ended together the earliest counts, of those before them none', () => {
  const day = 3 * DAY_MS
  expect(
    holdOf(
      consumer({ a: behind(FRIDAY + 1) }, day),
      consumer({ a: behind(FRIDAY) }, day + 10_000),
      consumer({ a: behind(FRIDAY - MICROS_PER_DAY) }, day + 60_000),
    ),
  ).toEqual(['a', 'gone', FRIDAY])
})

test('the clock of a worker is the wall clock or that of the earliest queue, and says who holds it', async () => {
  let reports: ReportedPositions[] = []
  const lines: string[] = []
  const log = (_: object, line: string) => void lines.push(line)
  const clock = new WatermarkClock({
    store: { readReports: async () => reports },
    logger: { ...silentLogger, warn: log, info: log },
    patienceMs: DAY_MS,
    wallNow: () => NOW,
  })
  await clock.start()
  expect(clock.now()).toBe(NOW)
  reports = [{ writer: 1, name: 'c1', queues: { q: behind() }, ageMs: 0 }]
  expect(clock.dueBefore(reports)).toBe(FRIDAY)
  expect(clock.now()).toBe(FRIDAY)
  expect(clock.dueBefore([{ writer: 1, name: 'c1', queues: { q: caughtUp }, ageMs: 0 }])).toBe(NOW)
  await clock.stop()
  expect(lines).toEqual([
    'the event clock stands at 2026-01-02T08:00:00, 3 days behind: for queue q c1 works off a backlog',
    'the event clock follows the wall clock',
  ])
})

test('a run that is late counts as one in time', () => {
  const clock = new WatermarkClock({
    store: { readReports: async () => [] },
    logger: silentLogger,
    patienceMs: DAY_MS,
    wallNow: () => NOW,
  })
  expect(clock.timeOfRun(FRIDAY)).toBe(FRIDAY)
  expect(clock.timeOfRun(NOW - 1_000_000)).toBe(NOW)
})

test('a hold is described by where, since how long and why', () => {
  const hold = { queue: 'q', consumer: 'c1', why: 'gone', at: NOW - 7_200_000_000, since: NOW } as const
  expect(describeHold(hold, NOW)).toBe(
    'at 2026-01-05T07:00:00, 2 hours behind: for queue q c1 was the last to read it, and has ended',
  )
})
