import { ByteReader, DELIMITED, VARINT } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'

/** Numbers of the hash functions of a signature. */
export const HASHES = ['MD5', 'SHA1'] as const

/** Longest header, in bytes. */
export const MOST_HEADER_BYTES = 255

/** The header of a frame. What is absent on the wire is undefined. */
export type FrameHeader = {
  /** bytes of the message that follows, 0 where undefined */
  readonly messageLength?: number | undefined
  /** number of the hash function, MD5 where undefined */
  readonly hmacHashFunction?: number | undefined
  readonly hmacSigner?: Buffer | undefined
  /** version of the signer's key, 0 where undefined */
  readonly hmacKeyVersion?: number | undefined
  readonly hmac?: Buffer | undefined
}

const reader = new ByteReader()

/** Decodes a header. Its texts are parts of the bytes. Throws WireError where the bytes are no header. */
export function decodeHeader(bytes: Buffer, from: number, end: number): FrameHeader {
  let messageLength: number | undefined
  let hmacHashFunction: number | undefined
  let hmacSigner: Buffer | undefined
  let hmacKeyVersion: number | undefined
  let hmac: Buffer | undefined
  reader.begin(bytes, from, end)
  while (reader.at < end) {
    const tag = reader.tag()
    const number = tag >>> 3
    if (number === 1) messageLength = number32(tag)
    else if (number === 3) hmacHashFunction = number32(tag) | 0
    else if (number === 4) hmacSigner = part(tag)
    else if (number === 5) hmacKeyVersion = number32(tag)
    else if (number === 6) hmac = part(tag)
    else reader.skip(tag & 7)
  }
  return { messageLength, hmacHashFunction, hmacSigner, hmacKeyVersion, hmac }
}

/** Encodes a header as Heka does: in order of number, without what is undefined. */
export function encodeHeader(header: FrameHeader): Buffer {
  const writer = new ByteWriter()
  writer.int32(1, header.messageLength)
  writer.int32(3, header.hmacHashFunction)
  writer.bytes(4, header.hmacSigner)
  writer.int32(5, header.hmacKeyVersion)
  writer.bytes(6, header.hmac)
  return writer.written()
}

/** Reads a number, of which the low 32 bits count. */
function number32(tag: number): number {
  requireType(tag, VARINT)
  reader.varint()
  return reader.low
}

function part(tag: number): Buffer {
  requireType(tag, DELIMITED)
  const end = reader.length()
  const bytes = reader.bytes.subarray(reader.at, end)
  reader.at = end
  return bytes
}

function requireType(tag: number, wireType: number): void {
  if ((tag & 7) !== wireType)
    reader.fail(`holds field ${tag >>> 3} of a header with the wire type ${tag & 7}`)
}
