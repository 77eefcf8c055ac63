import { describe, expect, test } from 'vitest'
import { decodeParts } from '../../../src/logs/wire/decode-message.ts'
import { encodeLines, encodeMessage } from '../../../src/logs/wire/encode-message.ts'
import { FrameReader } from '../../../src/logs/wire/frame-reader.ts'
import { BrokenMessage } from '../../../src/logs/wire/log-message.ts'
import {
  bytesOf,
  type DecodeVector,
  fieldLines,
  LOG_VECTORS,
  sha256,
} from '../../support/logs/log-vectors.ts'

describe('messages are written as thunder writes them', () => {
  test.each(LOG_VECTORS.encode)('$id', ({ fields, refused, hex, bytes_length, bytes_sha256, bytes_head }) => {
    const { file, offset, inode } = fields
    // What lacks a field is no head of a message, as the compiler says.
    if (refused) return expect([file, offset, inode]).toContain(undefined)
    const head = { file: bytesOf(file ?? ''), offset: BigInt(offset ?? 0), inode: BigInt(inode ?? 0) }
    const lines = fieldLines(fields)
    const bytes = encodeMessage(head, lines)
    if (hex === undefined) {
      expect(bytes.subarray(0, 48).toString('hex')).toBe(bytes_head)
      expect([bytes.length, sha256(bytes)]).toEqual([bytes_length, bytes_sha256])
    } else expect(bytes.toString('hex')).toBe(hex)
    const areLines = lines.every((line) => line.indexOf(10) === line.length - 1)
    if (areLines) expect(encodeLines(head, Buffer.concat(lines), lines.length).equals(bytes)).toBe(true)
  })
})

function readAll(stream: Buffer, size: number) {
  const messages: unknown[] = []
  const reader = new FrameReader(Number.POSITIVE_INFINITY)
  try {
    for (let at = 0; at < stream.length; at += size)
      for (const parts of reader.read(Buffer.from(stream.subarray(at, at + size)))) {
        const { file, offset, inode, content: pieces, ends } = decodeParts(parts)
        const content = Buffer.concat(pieces)
        const lines = ends.map((end, index) => content.subarray(ends[index - 1] ?? 0, end).toString('latin1'))
        messages.push({ file: file.toString('latin1'), offset, inode, lines })
      }
    return { messages, end: reader.end }
  } catch (error) {
    if (!(error instanceof BrokenMessage)) throw error
    return { messages, end: 'error' }
  }
}

function wanted({ messages, end }: DecodeVector) {
  return {
    messages: messages.map(({ file, offset, inode, lines }) => ({
      file: bytesOf(file).toString('latin1'),
      offset: BigInt(offset),
      inode: BigInt(inode),
      lines: lines.map((line) => bytesOf(line).toString('latin1')),
    })),
    end,
  }
}

describe('messages are read as thunder reads them, however they are cut', () => {
  test.each(LOG_VECTORS.decode)('$id', (vector) => {
    const stream = Buffer.from(vector.hex, 'hex')
    for (const size of [stream.length || 1, 1, 3, 7]) expect(readAll(stream, size)).toEqual(wanted(vector))
  })
})

test('a length beyond the limit is broken before anything of it is kept', () => {
  const reader = new FrameReader(100)
  expect(() => [...reader.read(Buffer.from('ffffffff', 'hex'))]).toThrow(BrokenMessage)
  expect(reader.heldBytes).toBeLessThanOrEqual(4)
})
