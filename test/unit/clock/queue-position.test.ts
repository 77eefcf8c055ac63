import { expect, test } from 'vitest'
import { QueuePosition } from '../../../src/clock/queue-position.ts'
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE } from '../../../src/domain/time.ts'
import { at } from '../../support/events.ts'

const NOW = at('2026-01-05T09:00:00')
const SECOND = 1_000_000

/** A queue whose messages come one a millisecond, at a wall clock that goes on with them. */
function queue(isFull = false) {
  let [elapsed, suspended] = [0, 0]
  const wallNow = () => NOW + elapsed * 1000 + suspended
  const position = new QueuePosition({ wallNow, machineNow: () => elapsed, isFull: () => isFull })
  return {
    position,
    wallNow,
    pass(ms: number) {
      elapsed += ms
    },
    /** The machine sleeps: its own clock stands still. */
    suspend(micros: number) {
      suspended += micros
    },
    arrive(timestamp: number) {
      elapsed++
      return position.arrive(timestamp)
    },
  }
}

test('events of now join at the wall clock, whether they come from a little before or ahead', () => {
  const { arrive, position, wallNow } = queue()
  for (const lag of [0, 5 * SECOND, 59 * SECOND, -MICROS_PER_HOUR, -365 * MICROS_PER_DAY]) {
    expect(arrive(wallNow() - lag)).toBe(wallNow())
    expect(position.position()).toBeUndefined()
  }
})

test('events of a backlog join at their own time, the first one too', () => {
  const { arrive, position } = queue()
  const start = NOW - 3 * MICROS_PER_DAY
  for (const offset of [0, 31, 40]) expect(arrive(start + offset * SECOND)).toBe(start + offset * SECOND)
  expect(position.position()).toBe(start)
})

test('events that came while the machine was suspended join at their own time, the first one too', () => {
  const { arrive, position, suspend, wallNow } = queue()
  for (let count = 0; count < 100; count++) arrive(wallNow())
  const start = wallNow()
  suspend(3 * MICROS_PER_DAY)
  expect(position.isUnknown).toBe(true)
  for (const offset of [1, 2, 3]) expect(arrive(start + offset * SECOND)).toBe(start + offset * SECOND)
  expect(position.position()).toBe(start + SECOND)
})

test('a notification of today in a replay of January moves no other', () => {
  const { arrive, position, wallNow } = queue()
  const january = at('2025-01-01T00:00:00')
  for (let count = 0; count < 100; count++) {
    if (count % 10 === 5) {
      const today = wallNow()
      expect(arrive(today)).toBe(today)
    }
    expect(arrive(january + count * SECOND)).toBe(january + count * SECOND)
    expect(position.position()).toBeLessThanOrEqual(january + count * SECOND)
  }
})

test('a time from ahead of the wall clock counts as now, in a backlog too', () => {
  const { arrive, wallNow } = queue()
  const start = NOW - 3 * MICROS_PER_DAY
  for (let count = 0; count < 20; count++) arrive(start + count)
  expect(arrive(NOW + 365 * MICROS_PER_DAY)).toBe(wallNow())
  expect(arrive(start + 30)).toBe(start + 30)
})

test('old messages among many of now change nothing', () => {
  const { arrive, position, wallNow } = queue()
  for (let count = 0; count < 200; count++) {
    const isOld = count % 5 === 4
    expect(arrive(wallNow() - (isOld ? 3 * MICROS_PER_HOUR : 0))).toBe(wallNow())
  }
  expect(position.position()).toBeUndefined()
})

test('a message from long before its backlog does not set the position back, many do', () => {
  const { arrive, position } = queue()
  const start = NOW - 3 * MICROS_PER_DAY
  for (let count = 0; count < 64; count++) arrive(start + count * SECOND)
  arrive(start - 30 * MICROS_PER_DAY)
  expect(position.position()).toBeGreaterThanOrEqual(start)
  for (let count = 0; count < 20; count++) arrive(start - 30 * MICROS_PER_DAY)
  expect(position.position()).toBe(start - 30 * MICROS_PER_DAY)
})

test('when the backlog is worked off, events join at the wall clock again', () => {
  const { arrive, position, wallNow } = queue()
  for (let lag = 3 * MICROS_PER_DAY; lag > 0; lag -= MICROS_PER_HOUR) arrive(wallNow() - lag)
  for (let count = 0; count < 64; count++) arrive(wallNow())
  expect(position.position()).toBeUndefined()
  expect(arrive(wallNow() - 10 * SECOND)).toBe(wallNow())
})

test('a queue of which nothing came for a while is judged anew', () => {
  const { arrive, pass, position, wallNow } = queue()
  for (let count = 0; count < 64; count++) arrive(wallNow())
  pass(6000)
  const old = wallNow() - MICROS_PER_DAY
  expect(arrive(old)).toBe(old)
  pass(6000)
  expect(arrive(wallNow())).toBe(wallNow())
  expect(position.position()).toBeUndefined()
})

test.each([
  ['that is read up to its end counts as now', false],
  ['that is full stays behind', true],
])('a publisher whose clock is behind by hours: a queue %s', (_, isFull) => {
  const { arrive, pass, position, wallNow } = queue(isFull)
  const behind = () => wallNow() - 3 * MICROS_PER_HOUR
  for (let count = 0; count < 30; count++) {
    arrive(behind())
    pass(1000)
  }
  expect(position.isSteady).toBe(!isFull)
  const time = behind()
  expect(arrive(time)).toBe(isFull ? time : wallNow())
})

test('a backlog that comes nearer to now is none of a wrong clock, however slowly it is delivered', () => {
  const { arrive, pass, position } = queue()
  const start = NOW - 3 * MICROS_PER_DAY
  for (let count = 0; count < 60; count++) {
    const time = start + count * MICROS_PER_MINUTE
    expect(arrive(time)).toBe(time)
    pass(1000)
  }
  expect(position.isSteady).toBe(false)
})
