import { FrameSplitter } from '../wire/frame-splitter.ts'

/** Type of a message of AMQP that holds frames of Heka, one after the other. */
export const FRAMES_TYPE = 'application/x-heka-frames'

/** Largest message of Heka that may stand in a stream, whatever a receiver takes, bytes. */
const MOST_BYTES = 2 ** 28

/** Returns the messages in a message of AMQP, as parts of its bytes. What is no frame is left out. */
export function framesOf(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  const splitter = new FrameSplitter(
    (source, from, end) => found.push(source.subarray(from, end)),
    MOST_BYTES,
  )
  splitter.push(bytes)
  return found
}
