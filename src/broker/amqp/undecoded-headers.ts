import type { ChannelModel } from 'amqplib'
import { messageOf } from '../../domain/errors.ts'
import { printable } from '../../text/printable.ts'

/**
 * Internals of the library's connection: the bytes not yet decoded, and the method that decodes the next
 * frame.
 */
type Wire = { rest: Buffer; recvFrame(): unknown }

const HEADER_FRAME = 2
const FRAME_START_BYTES = 7
/** The offset of the properties in a header frame, after class, weight and size of the body, bytes. */
const PROPERTIES_AT = 12
const BASIC_CLASS = 60
const [HAS_CONTENT_TYPE, HAS_CONTENT_ENCODING, HAS_HEADERS] = [0x8000, 0x4000, 0x2000]
/** Most bytes of headers in a reason; longer headers are cut. */
const MOST_HEX_BYTES = 4096

/** The reasons why properties of messages could not be decoded. */
const faults = new WeakMap<object, string>()

/**
 * Makes a connection deliver messages whose headers amqplib cannot decode (an unknown tag, thousands of
 * nested tables); they would end the connection again and again. Such a message comes without its properties,
 * and faultOf() returns the reason.
 */
export function keepUndecodedHeaders(model: ChannelModel): void {
  const wire = model.connection as unknown as Wire
  const receive = wire.recvFrame
  wire.recvFrame = function (this: Wire) {
    const before = this.rest
    try {
      return receive.call(this)
    } catch (error) {
      // The frame was complete only if its bytes were taken off `rest`.
      if (this.rest === before || before[0] !== HEADER_FRAME) throw error
      return headerFrame(before, error)
    }
  }
}

/**
 * Returns why the properties of a message are missing, with its headers as hex; undefined when they are
 * there.
 */
export function faultOf(properties: object): string | undefined {
  return faults.get(properties)
}

/** Makes a header frame like the library's, without the properties. */
function headerFrame(bytes: Buffer, error: unknown): object {
  const channel = bytes.readUInt16BE(1)
  const payload = bytes.subarray(FRAME_START_BYTES, FRAME_START_BYTES + bytes.readUInt32BE(3))
  const fields = { headers: undefined }
  const reason = printable(messageOf(error))
  faults.set(fields, `the headers cannot be decoded: ${reason}; ${hexOf(headersOf(payload))}`)
  return { id: BASIC_CLASS, channel, size: Number(payload.readBigInt64BE(4)), fields }
}

function hexOf(bytes: Buffer): string {
  if (bytes.length <= MOST_HEX_BYTES) return `as hex: ${bytes.toString('hex')}`
  return `the first ${MOST_HEX_BYTES} of ${bytes.length} bytes as hex: ${bytes.toString('hex', 0, MOST_HEX_BYTES)}`
}

/** Returns the bytes of the table of headers, or of all properties when the table cannot be found. */
function headersOf(payload: Buffer): Buffer {
  const flags = payload.readUInt16BE(PROPERTIES_AT)
  let at = PROPERTIES_AT + 2
  for (const flag of [HAS_CONTENT_TYPE, HAS_CONTENT_ENCODING]) {
    if (flags & flag) at += 1 + (payload[at] ?? 0)
  }
  if (!(flags & HAS_HEADERS) || at + 4 > payload.length) return payload.subarray(PROPERTIES_AT)
  return payload.subarray(at + 4, at + 4 + payload.readUInt32BE(at))
}
