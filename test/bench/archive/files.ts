import { closeSync, openSync, writeSync } from 'node:fs'
import type { Metadata } from '../../../src/archive/archive.ts'
import { createShoeboxFormat } from '../../../src/archive/shoebox/shoebox-format.ts'
import { manyBodies, withOtherIds } from '../ingest/messages.ts'

const METADATA: Metadata = [
  ['queue', 'monitor.info'],
  ['exchange', 'monitor'],
  ['routing_key', 'monitor.info'],
  ['received_at', '2026-11-19T00:00:00.000000'],
  ['redelivered', 'false'],
]
/** Notifications of the recorded day that come in each round. */
const DAY = 4187
const BYTES_PER_WRITE = 8 << 20

/**
 * Writes a file of so many different notifications, in the order of their times, without all of them in memory: each
 * notification of a day again and again with other ids. Returns how many there are.
 */
export function writeNotifications(path: string, count: number, form: 'lines' | 'shoebox'): number {
  const day = manyBodies(DAY).map(String)
  const rounds = Math.ceil(count / day.length)
  const format = createShoeboxFormat()
  const file = openSync(path, 'w')
  let [waiting, bytes, written]: [Buffer[], number, number] = [[], 0, 0]
  const flush = () => {
    writeSync(file, Buffer.concat(waiting))
    ;[waiting, bytes] = [[], 0]
  }
  for (const line of day) {
    for (let round = 0; round < rounds && written < count; round++, written++) {
      const body = Buffer.from(withOtherIds(line, round))
      const parts =
        form === 'lines'
          ? [body, Buffer.from('\n')]
          : (format.encode({ body, isJson: true, metadata: () => METADATA }) as Buffer[])
      for (const part of parts) bytes += part.length
      waiting.push(...parts)
      if (bytes > BYTES_PER_WRITE) flush()
    }
  }
  flush()
  closeSync(file)
  return written
}
