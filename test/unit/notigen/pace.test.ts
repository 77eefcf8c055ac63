import { expect, test } from 'vitest'
import { createFastClock, createManualClock } from '../../../src/clock/event-clock.ts'
import { MICROS_PER_DAY } from '../../../src/domain/time.ts'
import { pace } from '../../../src/notigen/pace.ts'

const messages = [0, 10, 500].map((day) => ({ at: day * MICROS_PER_DAY, body: String(day) }))

async function bodiesWithin(ms: number, clock: Parameters<typeof pace>[1], speed: number): Promise<string[]> {
  const stopping = new AbortController()
  setTimeout(() => stopping.abort(), ms)
  const bodies: string[] = []
  for await (const { body } of pace(messages, clock, speed, stopping.signal)) bodies.push(body)
  return bodies
}

test('each waits for its time, also when that is further away than a timer reaches', async () => {
  expect(await bodiesWithin(50, createManualClock(10 * MICROS_PER_DAY), 1)).toEqual(['0', '10'])
})

test('a clock that runs faster waits shorter', async () => {
  const speed = (500 * 86_400) / 0.05
  expect(await bodiesWithin(60_000, createFastClock(0, speed), speed)).toEqual(['0', '10', '500'])
})
