import { expect, test } from 'vitest'
import { IntakeNotices } from '../../../src/consumer/intake-notices.ts'
import type { Prepared } from '../../../src/consumer/prepared.ts'

function noticesAt(clock: { ms: number }) {
  const lines: string[] = []
  const log = (fields: object, line: string) => void lines.push(`${JSON.stringify(fields)} ${line}`)
  const logger = { info: log, warn: log } as never
  return { lines, notices: new IntakeNotices({ queue: 'q', logger, now: () => clock.ms }) }
}

const message = (outcome: object): Prepared => ({ outcome }) as Prepared
const undefinedType = (eventType: string) => message({ kind: 'undefined', eventType })
const letter = (reason: string) => message({ kind: 'refused', deadLetter: { stage: 'distill', reason } })

test('an event type without a definition is told once', () => {
  const { lines, notices } = noticesAt({ ms: 0 })
  notices.add([undefinedType('a'), undefinedType('b'), undefinedType('a')])
  notices.add([undefinedType('b')])
  expect(lines).toEqual([
    '{"queue":"q","event_type":"a"} no event definition matches this type; its notifications are dropped',
    '{"queue":"q","event_type":"b"} no event definition matches this type; its notifications are dropped',
  ])
})

test('no more than a thousand types are told', () => {
  const { lines, notices } = noticesAt({ ms: 0 })
  notices.add(Array.from({ length: 1001 }, (_, index) => undefinedType(String(index))))
  expect(lines).toHaveLength(1000)
})

test('dead letters have a line with the reason, every ten seconds at most, with their number', () => {
  const clock = { ms: 5 }
  const { lines, notices } = noticesAt(clock)
  notices.add([letter('first'), letter('second')])
  clock.ms = 9000
  notices.add([letter('third')])
  clock.ms = 10_005
  notices.add([letter('{"_context_auth_token": "s3cr3t"} is no int')])
  expect(lines).toHaveLength(2)
  expect(lines[0]).toBe('{"queue":"q","stage":"distill","count":1} a message became a dead letter: first')
  expect(lines[1]).toContain('"count":3} 3 messages became dead letters, the last: ')
  expect(lines[1]).not.toContain('s3cr3t')
})

test('dead letters of apps count too', () => {
  const { lines, notices } = noticesAt({ ms: 0 })
  const appLetters = [{ stage: 'app:atompub', reason: 'refused', queue: 'q', body: Buffer.alloc(0) }]
  notices.add([{ ...message({ kind: 'filtered' }), appLetters }])
  expect(lines).toEqual([
    '{"queue":"q","stage":"app:atompub","count":1} a message became a dead letter: refused',
  ])
})
