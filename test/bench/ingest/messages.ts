import { MICROS_PER_DAY } from '../../../src/domain/time.ts'
import { recordedDay } from '../../support/notifications.ts'

const UUID = /\b([0-9a-f]{4})([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b/g
/** Rounds with other ids. */
const MOST_ROUNDS = 65_536

/**
 * So many bodies: the recorded day again and again, from a round on, each time with other ids of messages, instances
 * and requests. The day is yesterday: streams of an older one would expire as they open.
 */
export function manyBodies(count: number, fromRound = 0): Buffer[] {
  const { lines } = recordedDay()
  const recent = lines.map(shiftToYesterday)
  const bodies: Buffer[] = []
  for (let round = fromRound; bodies.length < count; round++) {
    for (const line of recent.slice(0, count - bodies.length))
      bodies.push(Buffer.from(withOtherIds(line, round)))
  }
  return bodies
}

const RECORDED_DAY = /2026-11-19/g
const DAY_AFTER = /2026-11-20/g

function shiftToYesterday(line: string): string {
  return line.replace(DAY_AFTER, isoDay(0)).replace(RECORDED_DAY, isoDay(-1))
}

function isoDay(days: number): string {
  return new Date(Date.now() + (days * MICROS_PER_DAY) / 1000).toISOString().slice(0, 10)
}

/** The same text with other ids; each round has its own. */
export function withOtherIds(text: string, round: number): string {
  if (round === 0) return text
  return text.replace(
    UUID,
    (_, head: string, rest: string) =>
      (Number.parseInt(head, 16) ^ (round % MOST_ROUNDS)).toString(16).padStart(4, '0') + rest,
  )
}
