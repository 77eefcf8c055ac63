import { hostname } from 'node:os'
import { encodeMessage } from '../wire/encode-message.ts'

/** Letters in place of a uuid, as the original has them: more than the 16 bytes that are meant. */
const UUID = 'abcdefghijklmnopqrstuvwxyzab'

/** Returns the message of lagermeister's own generator: a time in whole seconds, and neither type nor fields. */
export function originalMessage(nowMs: number): Buffer {
  return encodeMessage({
    uuid: Buffer.from(UUID),
    timestamp: BigInt(Math.floor(nowMs / 1000)) * 1_000_000_000n,
    payload: Buffer.from('This is a test message.'),
    pid: 1234,
    hostname: Buffer.from(hostname()),
    fields: [],
  })
}
