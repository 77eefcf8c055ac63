import type { ArchiveRecord, Metadata } from '../archive.ts'
import type { ArchiveFormat, InPieces, Wrap } from '../format.ts'
import { createLineFormat, joined } from '../lines/line-format.ts'
import { AT, INT32, MAGIC, PAIR_LENGTHS, VERSION } from './layout.ts'

/** Creates the format of binary files: see layout.ts. */
export function createShoeboxFormat(wrap?: Wrap): ArchiveFormat {
  const lines = wrap && createLineFormat(wrap)
  return {
    encode(record) {
      const payload = lines ? wrapped(lines, record) : record.body
      return [recordHead(record.metadata?.() ?? [], payload.length), payload]
    },
  }
}

/** Returns the line of a record without its end. */
function wrapped(lines: ArchiveFormat, record: ArchiveRecord): Buffer {
  const whole = (part: Buffer | InPieces) => (Buffer.isBuffer(part) ? part : joined(part))
  const line = Buffer.concat(lines.encode(record).map(whole))
  return line.subarray(0, line.length - 1)
}

/**
 * Returns all bytes of a record that stand before its payload.
 *
 * @example
 * Buffer.concat([recordHead([['queue', 'monitor.info']], payload.length), payload])
 */
export function recordHead(metadata: Metadata, payloadLength: number): Buffer {
  const texts = metadata.flat().map((text) => Buffer.from(text))
  const textLength = texts.reduce((sum, { length }) => sum + length, 0)
  const metadataLength = INT32 + metadata.length * PAIR_LENGTHS + textLength
  const head = Buffer.alloc(AT.metadata + metadataLength + INT32)
  MAGIC.copy(head)
  head.writeInt16LE(VERSION, AT.version)
  head.writeInt32LE(metadataLength, AT.metadataLength)
  head.writeInt32LE(INT32 + payloadLength, AT.rawLength)
  let at = head.writeInt32LE(INT32 * metadata.length, AT.metadata)
  for (const { length } of texts) at = head.writeInt32LE(length, at)
  for (const text of texts) at += text.copy(head, at)
  head.writeInt32LE(payloadLength, at)
  return head
}
