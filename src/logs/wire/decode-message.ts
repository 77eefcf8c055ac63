import { BrokenMessage, FIELD, type ReadMessage, WIRE } from './log-message.ts'
import { endOfVarint, varintBigInt, varintNumber } from './varint.ts'

/** From this number on fields are our own. */
const FIRST_EXTRA = 1000
/** Most fields of our own in a message. */
const MOST_EXTRAS = 8

/**
 * Decodes the body of a message that has come in parts. Content that is one line and stands last, as ours is, is not copied.
 * Otherwise, and in what it refuses, it is as decodeMessage.
 */
export function decodeParts(parts: readonly Buffer[]): ReadMessage {
  const [first = Buffer.alloc(0), ...others] = parts
  if (others.length === 0) return decodeMessage(first)
  const total = parts.reduce((sum, { length }) => sum + length, 0)
  const last = lastLine(first, total)
  if (!last) return decodeMessage(Buffer.concat(parts))
  const message = decodeMessage(first.subarray(0, last.tagAt))
  return { ...message, content: [first.subarray(last.begin), ...others], ends: [total - last.begin] }
}

/** Returns where a line begins that is the only one and ends with the whole body; undefined where there is no such. */
function lastLine(
  bytes: Buffer,
  total: number,
): { readonly tagAt: number; readonly begin: number } | undefined {
  for (let at = 0; at < bytes.length; ) {
    const valueAt = endOfVarint(bytes, at)
    if (valueAt < 0) return undefined
    const tag = varintNumber(bytes, at, valueAt)
    const begin = endOfVarint(bytes, valueAt)
    if (begin < 0 || (tag % 8 !== WIRE.bytes && tag % 8 !== WIRE.varint)) return undefined
    const end = tag % 8 === WIRE.varint ? begin : begin + varintNumber(bytes, valueAt, begin)
    if (tag === FIELD.lines * 8 + WIRE.bytes) return end === total ? { tagAt: at, begin } : undefined
    at = end
  }
  return undefined
}

/**
 * Decodes the body of a message. Fields may stand in any order, the last of a repeated one counts, and unknown ones are skipped, among
 * them known ones of another wire type. The bytes of `body` are used for the result and changed. Throws BrokenMessage.
 */
function decodeMessage(body: Buffer): ReadMessage {
  let [file, offset, inode]: [Buffer | undefined, bigint | undefined, bigint | undefined] = [
    undefined,
    undefined,
    undefined,
  ]
  const extras = new Map<number, Buffer>()
  const ends: number[] = []
  let contentAt = 0
  let contentEnd = 0
  for (let at = 0; at < body.length; ) {
    const valueAt = endOfVarint(body, at)
    if (valueAt < 0) throw new BrokenMessage('a tag is cut')
    const tag = varintNumber(body, at, valueAt)
    const [field, wire] = [Math.floor(tag / 8), tag % 8]
    if (field === 0) throw new BrokenMessage('a field has the number 0')
    if (wire === WIRE.bytes) {
      const begin = endOfVarint(body, valueAt)
      const end = begin < 0 ? -1 : begin + varintNumber(body, valueAt, begin)
      if (end < 0 || end > body.length) throw new BrokenMessage('a field is longer than its message')
      if (field === FIELD.lines) {
        // The first piece stays where it is, the others move up to it.
        if (ends.length === 0) [contentAt, contentEnd] = [begin, begin]
        if (contentEnd !== begin) body.copyWithin(contentEnd, begin, end)
        contentEnd += end - begin
        ends.push(contentEnd - contentAt)
      } else if (field === FIELD.file) file = Buffer.from(body.subarray(begin, end))
      else if (field >= FIRST_EXTRA && extras.size < MOST_EXTRAS)
        extras.set(field, Buffer.from(body.subarray(begin, end)))
      at = end
    } else {
      const end = endOfValue(body, valueAt, wire)
      if (field === FIELD.offset && wire === WIRE.varint)
        offset = BigInt.asIntN(64, varintBigInt(body, valueAt, end))
      if (field === FIELD.inode && wire === WIRE.varint)
        inode = BigInt.asUintN(64, varintBigInt(body, valueAt, end))
      at = end
    }
  }
  if (file === undefined || offset === undefined || inode === undefined)
    throw new BrokenMessage('it lacks its file, offset or inode')
  const content = ends.length > 0 ? [body.subarray(contentAt, contentEnd)] : []
  return { file, offset, inode, content, ends, extras: extras.size > 0 ? extras : undefined }
}

/** Returns the index behind a value that is no bytes. Throws BrokenMessage. */
function endOfValue(body: Buffer, at: number, wire: number): number {
  const end =
    wire === WIRE.varint
      ? endOfVarint(body, at)
      : wire === WIRE.fixed64
        ? at + 8
        : wire === WIRE.fixed32
          ? at + 4
          : wire === WIRE.groupStart
            ? endOfGroup(body, at)
            : -1
  if (end < 0 || end > body.length)
    throw new BrokenMessage('a field is cut, or of a wire type that there is not')
  return end
}

/** Returns the index behind the end of a group; -1 where it has none. Groups may stand in groups. */
function endOfGroup(body: Buffer, begin: number): number {
  let depth = 1
  for (let at = begin; at < body.length; ) {
    const valueAt = endOfVarint(body, at)
    if (valueAt < 0) return -1
    const wire = varintNumber(body, at, valueAt) % 8
    if (wire === WIRE.groupEnd && --depth === 0) return valueAt
    if (wire === WIRE.groupStart) depth++
    if (wire === WIRE.groupEnd || wire === WIRE.groupStart) at = valueAt
    else if (wire === WIRE.bytes) {
      const from = endOfVarint(body, valueAt)
      if (from < 0) return -1
      at = from + varintNumber(body, valueAt, from)
    } else at = endOfValue(body, valueAt, wire)
  }
  return -1
}
