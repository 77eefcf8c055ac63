import { ByteReader, DELIMITED, signed64 } from './byte-reader.ts'
import type { HekaField, HekaMessage } from './message.ts'
import { ENV_VERSION, HOSTNAME, LOGGER, MessageView, PAYLOAD, TYPE, UUID } from './message-view.ts'
import { scanMessage } from './scan-message.ts'

const reader = new ByteReader()

/** Decodes a message. Its texts are parts of the bytes. Throws WireError where the bytes are no message of Heka. */
export function decodeMessage(bytes: Buffer): HekaMessage {
  const view = new MessageView()
  scanMessage(bytes, 0, bytes.length, view)
  return messageOf(view)
}

/** Returns the message of a view. */
export function messageOf(view: MessageView): HekaMessage {
  return {
    uuid: view.text(UUID),
    timestamp: view.hasTimestamp ? view.timestamp : undefined,
    type: view.text(TYPE),
    logger: view.text(LOGGER),
    severity: view.hasSeverity ? view.severity : undefined,
    payload: view.text(PAYLOAD),
    envVersion: view.text(ENV_VERSION),
    pid: view.hasPid ? view.pid : undefined,
    hostname: view.text(HOSTNAME),
    fields: Array.from({ length: view.fieldCount }, (_, index) => fieldAt(view, index)),
    unrecognized: joined(view.bytes, view.unknown),
  }
}

/** Returns a field of a message that was scanned, by its index. */
export function fieldAt(view: MessageView, index: number): HekaField {
  return decodeField(
    view.bytes,
    view.fieldSpans[2 * index] as number,
    view.fieldSpans[2 * index + 1] as number,
  )
}

/** Decodes a field of a message that was scanned, which has found all faults already. */
function decodeField(bytes: Buffer, from: number, end: number): HekaField {
  let name: Buffer | undefined
  let valueType: number | undefined
  let representation: Buffer | undefined
  const [strings, blobs, integers, doubles, bools] = [[], [], [], [], []] as [
    Buffer[],
    Buffer[],
    bigint[],
    number[],
    boolean[],
  ]
  const unknown: number[] = []
  reader.begin(bytes, from, end)
  while (reader.at < end) {
    const begin = reader.at
    const tag = reader.tag()
    const number = tag >>> 3
    if (number === 1) name = part()
    else if (number === 2) {
      reader.varint()
      valueType = reader.low | 0
    } else if (number === 3) representation = part()
    else if (number === 4) strings.push(part())
    else if (number === 5) blobs.push(part())
    else if (number === 6) each(tag, () => integers.push(integer()))
    else if (number === 7) each(tag, () => doubles.push(double()))
    else if (number === 8) each(tag, () => bools.push(reader.varint() !== 0))
    else {
      reader.skip(tag & 7)
      unknown.push(begin, reader.at)
    }
  }
  const unrecognized = joined(bytes, unknown)
  return { name, valueType, representation, strings, bytes: blobs, integers, doubles, bools, unrecognized }
}

function part(): Buffer {
  const end = reader.length()
  const bytes = reader.bytes.subarray(reader.at, end)
  reader.at = end
  return bytes
}

function integer(): bigint {
  reader.varint()
  return signed64(reader.low, reader.high)
}

function double(): number {
  reader.at += 8
  return reader.bytes.readDoubleLE(reader.at - 8)
}

/** Reads the values of a list, packed or one alone. */
function each(tag: number, read: () => void): void {
  const end = (tag & 7) === DELIMITED ? reader.length() : reader.at + 1
  while (reader.at < end) read()
}

function joined(bytes: Buffer, spans: readonly number[]): Buffer | undefined {
  if (spans.length === 0) return undefined
  const parts = Array.from({ length: spans.length / 2 }, (_, index) =>
    bytes.subarray(spans[2 * index], spans[2 * index + 1]),
  )
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
}
