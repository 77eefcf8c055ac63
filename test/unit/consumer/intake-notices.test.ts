import { expect, onTestFinished, test, vi } from 'vitest'
import { IntakeNotices } from '../../../src/consumer/intake-notices.ts'
import type { Prepared } from '../../../src/consumer/prepared.ts'

function createNotices() {
  const lines: string[] = []
  const log = (fields: object, line: string) => void lines.push(`${JSON.stringify(fields)} ${line}`)
  const logger = { info: log, warn: log } as never
  return { lines, notices: new IntakeNotices({ queue: 'q', logger }) }
}

const message = (outcome: object): Prepared => ({ outcome }) as Prepared
const undefinedType = (eventType: string) => message({ kind: 'undefined', eventType })
const letter = (reason: string) => message({ kind: 'refused', deadLetter: { stage: 'distill', reason } })

test('an event type without a definition is told once', () => {
  const { lines, notices } = createNotices()
  notices.add([undefinedType('a'), undefinedType('b'), undefinedType('a')], [])
  notices.add([undefinedType('b')], [])
  expect(lines).toEqual([
    '{"queue":"q","event_type":"a"} no event definition matches this type; its notifications are dropped',
    '{"queue":"q","event_type":"b"} no event definition matches this type; its notifications are dropped',
  ])
})

test('no more than a thousand types are told', () => {
  const { lines, notices } = createNotices()
  notices.add(
    Array.from({ length: 1001 }, (_, index) => undefinedType(String(index))),
    [],
  )
  expect(lines).toHaveLength(1000)
})

test('each dead letter has a line with its id; of more than twenty in ten seconds one line tells the number', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { lines, notices } = createNotices()
  const many = (count: number, first: number) => {
    const ids = Array.from({ length: count }, (_, index) => first + index)
    notices.add(
      ids.map((id) => letter(`reason ${id}`)),
      ids,
    )
  }
  many(21, 1)
  many(2, 22)
  expect(lines).toHaveLength(20)
  expect(lines[1]).toBe(
    '{"queue":"q","stage":"distill","dead_letter":2,"count":1} a dead letter was kept: reason 2',
  )
  // What came beyond is told later, though nothing comes any more.
  vi.advanceTimersByTime(10_000)
  expect(lines.slice(20)).toEqual([
    '{"queue":"q","stage":"distill","dead_letter":23,"count":3} 3 more dead letters were kept, the last: reason 23',
  ])
  many(21, 24)
  notices.end()
  expect(lines).toHaveLength(42)
  vi.advanceTimersByTime(60_000)
  expect(lines).toHaveLength(42)
})

test('dead letters of apps count too', () => {
  const { lines, notices } = createNotices()
  const appLetters = [{ stage: 'app:atompub', reason: 'refused', queue: 'q', body: Buffer.alloc(0) }]
  notices.add([{ ...message({ kind: 'filtered' }), appLetters }], [7])
  expect(lines).toEqual([
    '{"queue":"q","stage":"app:atompub","dead_letter":7,"count":1} a dead letter was kept: refused',
  ])
})
