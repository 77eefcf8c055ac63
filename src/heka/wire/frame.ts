import { encodeHeader, MOST_HEADER_BYTES } from './header.ts'
import { MOST_MESSAGE_BYTES } from './message.ts'
import { type Signer, signatureOf } from './signature.ts'
import { WireError } from './wire-error.ts'

/** Begins a frame, and ends its header. */
export const RECORD_SEPARATOR = 0x1e
export const UNIT_SEPARATOR = 0x1f

/**
 * Frames an encoded message, signed where a signer is given. Throws WireError where the message is above 65,536 bytes,
 * or its header above 255.
 */
export function frameOf(body: Uint8Array, signer?: Signer): Buffer {
  if (body.length > MOST_MESSAGE_BYTES)
    throw new WireError(
      `a message of ${body.length} bytes is too large; at most ${MOST_MESSAGE_BYTES} are allowed`,
    )
  const signature = signer ? signatureOf(body, signer) : {}
  const header = encodeHeader({ messageLength: body.length, ...signature })
  if (header.length > MOST_HEADER_BYTES)
    throw new WireError(`a header of ${header.length} bytes is too large; give a signer with a shorter name`)
  return Buffer.concat([Buffer.of(RECORD_SEPARATOR, header.length), header, Buffer.of(UNIT_SEPARATOR), body])
}
