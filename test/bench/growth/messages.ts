import { formatIso } from '../../../src/domain/time.ts'
import { manyBodies, withOtherIds } from '../ingest/messages.ts'
import { MICROS_APART, type Size, UNUSED_ROUND } from './grown-database.ts'

/** More than the rounds of a part; a power of two: the ids of a part then differ in bits of their own. */
const ROUNDS_APART = 64
/** Ten times as many in an hour as those that fill a database: none is of the future. */
const MEASURED_APART = MICROS_APART / 10

/**
 * Messages after those that fill a database, in the order of their time, but every 60th is late, a repeat, or without
 * a time: 5 of 100. Each part has ids of its own.
 */
export function troubledMessages(count: number, part: number, size: Size): Buffer[] {
  const round = UNUSED_ROUND + part * ROUNDS_APART
  const messages: Buffer[] = []
  for (const [index, body] of manyBodies(count, round).entries()) {
    const timestamp = formatIso(size.newest + (part * count + index) * MEASURED_APART)
    if (index % 60 === 20) messages.push(late(String(body), index, round, size))
    else if (index % 60 === 40) messages.push(messages.at(-1) as Buffer)
    else messages.push(withTime(String(body), index % 60 === 50 ? undefined : timestamp))
  }
  return messages
}

/** A message of its own about an instance of the first rounds, at their time. */
function late(body: string, index: number, round: number, { events, oldest }: Size): Buffer {
  const { message_id } = JSON.parse(body)
  const instance = withOtherIds(body, round ^ (index % 200))
  const timestamp = formatIso(oldest + ((index * 7919) % events) * MICROS_APART)
  return withTime(JSON.stringify({ ...JSON.parse(instance), message_id }), timestamp)
}

function withTime(body: string, timestamp: string | undefined): Buffer {
  return Buffer.from(JSON.stringify({ ...JSON.parse(body), timestamp }))
}
