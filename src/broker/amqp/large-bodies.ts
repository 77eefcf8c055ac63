import type { ChannelModel } from 'amqplib'
import { collectGarbage, releaseMemory } from '../../runtime/memory.ts'

/**
 * A frame as the library decodes it: a method, properties with the size of the body, or a piece of a body.
 */
type Frame = { readonly channel: number; readonly size?: number; readonly content?: Buffer }
type Wire = { recvFrame(): Frame | false }
type Body = { readonly bytes: Buffer; filled: number }

/** Bodies above this size are assembled here, bytes. Smaller ones come in a few pieces. */
const LARGE = 256 * 1024
/**
 * Garbage is collected after so many bytes of a body: the engine would let more pile up than a consumer may
 * use.
 */
const COLLECTED_BYTES = 1.5 * (1 << 20)
/** Before a body of so many bytes all memory that is free goes back to the system. */
const RELEASED_BYTES = 32 << 20
/**
 * Garbage is collected after so many bytes of large bodies in a row, which leave more behind than themselves.
 */
const COLLECTED_IN_ALL_BYTES = 8 << 20

/**
 * Makes a connection copy the pieces of large bodies into one buffer as they arrive, so that a body is in
 * memory once. The library itself would keep all pieces until the end, each with more of the socket's bytes
 * around it.
 */
export function assembleLargeBodies(model: ChannelModel): void {
  const wire = model.connection as unknown as Wire
  const receive = wire.recvFrame
  const bodies = new Map<number, Body>()
  let sinceCollected = 0
  wire.recvFrame = function (this: Wire) {
    for (;;) {
      const frame = receive.call(this)
      if (!frame) return false
      const { size = 0 } = frame
      if (size > LARGE) sinceCollected += size
      // Collect the garbage of earlier bodies.
      if (size >= COLLECTED_BYTES || sinceCollected >= COLLECTED_IN_ALL_BYTES) {
        if (size >= RELEASED_BYTES) releaseMemory()
        else collectGarbage()
        sinceCollected = 0
      }
      const whole = wholeOf(frame, bodies)
      if (whole) return whole
    }
  }
}

/** Returns a frame, with a large body as one frame; undefined while the large body is not complete. */
function wholeOf(frame: Frame, bodies: Map<number, Body>): Frame | undefined {
  const { channel, size, content } = frame
  if (size !== undefined) {
    if (size > LARGE) bodies.set(channel, { bytes: Buffer.allocUnsafeSlow(size), filled: 0 })
    else bodies.delete(channel)
  }
  const body = content && bodies.get(channel)
  if (!body) return frame
  const before = body.filled
  body.filled += content.copy(body.bytes, before)
  if (Math.floor(body.filled / COLLECTED_BYTES) > Math.floor(before / COLLECTED_BYTES))
    collectGarbage('minor')
  if (body.filled < body.bytes.length) return undefined
  bodies.delete(channel)
  return { channel, content: body.bytes }
}
