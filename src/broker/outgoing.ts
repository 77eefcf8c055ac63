import { randomUUID } from 'node:crypto'
import type { MessageProperties, PublishOptions } from './message.ts'

const PERSISTENT = 2

/** The options of a message, with defaults applied. */
export type Completed = MessageProperties & { readonly messageId: string; readonly mandatory: boolean }

/**
 * Creates the function that applies defaults to the options of one publisher's messages. Its message ids are
 * unique.
 */
export function createDefaults(): (options?: PublishOptions) => Completed {
  const name = randomUUID()
  let count = 0
  return (options = {}) => ({
    ...options,
    contentType: options.contentType ?? 'application/json',
    deliveryMode: options.deliveryMode ?? PERSISTENT,
    messageId: options.messageId ?? `${name}-${++count}`,
    mandatory: options.mandatory ?? true,
  })
}

/** Returns the same bytes as a Buffer, without copying them. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
