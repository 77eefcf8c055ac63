import { type Extras, FIELD, HEADER_BYTES, type MessageHead, WIRE } from './log-message.ts'
import { varintLength, varintOf, writeVarint } from './varint.ts'

const NEWLINE = 0x0a
const LINE_TAG = (FIELD.lines << 3) | WIRE.bytes

/**
 * Returns a whole message as thunder writes it: length, id 0, then name, offset, inode and lines in this order. Fields of our
 * own stand behind them.
 *
 * @example
 * encodeMessage({ file: Buffer.from('a.log'), offset: 2n, inode: 7n }, [Buffer.from('x\n')])
 */
export function encodeMessage(head: MessageHead, lines: readonly Buffer[] = [], extras?: Extras): Buffer {
  const parts = [...headParts(head), ...lines.flatMap((line) => bytesParts(FIELD.lines, line))]
  return framed([...parts, ...extraParts(extras)])
}

/**
 * Returns everything of a message before its one piece of content, which has to follow it: length, head, fields of our own, and
 * tag and length of the content.
 */
export function encodeBefore(head: MessageHead, extras: Extras | undefined, contentLength: number): Buffer {
  const parts = [...headParts(head), ...extraParts(extras), ...bytesHead(FIELD.lines, contentLength)]
  return framed(parts, contentLength)
}

/** Returns a whole message of content that is cut after each line feed, into so many pieces at most. */
export function encodeLines(head: MessageHead, content: Buffer, mostPieces: number, extras?: Extras): Buffer {
  const before = Buffer.concat([...headParts(head), ...extraParts(extras)])
  const most = before.length + content.length + mostPieces * (1 + varintLength(content.length))
  const target = Buffer.allocUnsafe(HEADER_BYTES + most)
  let at = HEADER_BYTES + before.copy(target, HEADER_BYTES)
  for (let from = 0; from < content.length; ) {
    const newline = content.indexOf(NEWLINE, from)
    const end = newline < 0 ? content.length : newline + 1
    target[at++] = LINE_TAG
    at = writeVarint(target, at, end - from)
    at += content.copy(target, at, from, end)
    from = end
  }
  writeHeader(target, at)
  return target.subarray(0, at)
}

function headParts({ file, offset, inode }: MessageHead): Buffer[] {
  return [
    ...bytesParts(FIELD.file, file),
    tagOf(FIELD.offset, WIRE.varint),
    varintOf(offset),
    tagOf(FIELD.inode, WIRE.varint),
    varintOf(inode),
  ]
}

function extraParts(extras: Extras | undefined): Buffer[] {
  return extras ? [...extras].flatMap(([field, bytes]) => bytesParts(field, bytes)) : []
}

function bytesParts(field: number, bytes: Buffer): Buffer[] {
  return [...bytesHead(field, bytes.length), bytes]
}

function bytesHead(field: number, length: number): Buffer[] {
  return [tagOf(field, WIRE.bytes), varintOf(BigInt(length))]
}

function tagOf(field: number, wire: number): Buffer {
  return varintOf(BigInt(field * 8 + wire))
}

function framed(parts: readonly Buffer[], following = 0): Buffer {
  const whole = Buffer.concat([Buffer.alloc(HEADER_BYTES), ...parts])
  writeHeader(whole, whole.length + following)
  return whole
}

/** Writes length and id of a message of so many bytes. The length does not count itself. */
function writeHeader(target: Buffer, length: number): void {
  target.writeUInt32BE(length - 4, 0)
  target.writeUInt32BE(0, 4)
}
