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
  notices.add([undefinedType('a'), undefinedType('b'), undefinedType('a')])
  notices.add([undefinedType('b')])
  expect(lines).toEqual([
    '{"queue":"q","event_type":"a"} no event definition matches this type; its notifications are dropped',
    '{"queue":"q","event_type":"b"} no event definition matches this type; its notifications are dropped',
  ])
})

test('no more than a thousand types are told', () => {
  const { lines, notices } = createNotices()
  notices.add(Array.from({ length: 1001 }, (_, index) => undefinedType(String(index))))
  expect(lines).toHaveLength(1000)
})

test('dead letters have a line with the reason, every ten seconds at most, with their number', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { lines, notices } = createNotices()
  notices.add([letter('first'), letter('second')])
  notices.add([letter('third')])
  expect(lines).toEqual(['{"queue":"q","stage":"distill","count":1} a dead letter was kept: first'])
  // What came during the pause is told after it, though nothing comes any more.
  vi.advanceTimersByTime(10_000)
  expect(lines.slice(1)).toEqual([
    '{"queue":"q","stage":"distill","count":2} 2 dead letters were kept, the last: third',
  ])
  vi.advanceTimersByTime(60_000)
  notices.add([letter('fourth'), letter('fifth')])
  notices.end()
  expect(lines.slice(2)).toEqual([
    '{"queue":"q","stage":"distill","count":1} a dead letter was kept: fourth',
    '{"queue":"q","stage":"distill","count":1} a dead letter was kept: fifth',
  ])
  vi.advanceTimersByTime(60_000)
  expect(lines).toHaveLength(4)
})

test('dead letters of apps count too', () => {
  const { lines, notices } = createNotices()
  const appLetters = [{ stage: 'app:atompub', reason: 'refused', queue: 'q', body: Buffer.alloc(0) }]
  notices.add([{ ...message({ kind: 'filtered' }), appLetters }])
  expect(lines).toEqual(['{"queue":"q","stage":"app:atompub","count":1} a dead letter was kept: refused'])
})
