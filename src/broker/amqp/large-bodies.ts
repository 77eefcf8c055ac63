import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ChannelModel } from 'amqplib'

/** As the library takes it out of the bytes: of a method, of properties with the size of the body, or of a body. */
type Frame = { readonly channel: number; readonly size?: number; readonly content?: Buffer }
type Wire = { recvFrame(): Frame | false }
type Body = { readonly bytes: Buffer; filled: number }

/** Smaller ones come in a few pieces. */
const LARGE = 256 * 1024
/** The engine waits for more of what its buffers leave behind than a whole consumer may take. */
const COLLECTED_BYTES = 1.5 * (1 << 20)
/** What many large bodies in a row leave behind, with what was made of them. */
const COLLECTED_IN_ALL_BYTES = 8 << 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void

/**
 * The library keeps the pieces of a body, each with more of the socket's bytes around it, until it makes one of them.
 * From now on those of a large body are copied to their place when they come: it is in memory once.
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
      // What the ones before have left behind.
      if (size >= COLLECTED_BYTES || sinceCollected >= COLLECTED_IN_ALL_BYTES) {
        collect()
        sinceCollected = 0
      }
      const whole = wholeOf(frame, bodies)
      if (whole) return whole
    }
  }
}

/** Undefined: of a large body, which is not complete yet. */
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
    collect({ type: 'minor' })
  if (body.filled < body.bytes.length) return undefined
  bodies.delete(channel)
  return { channel, content: body.bytes }
}
