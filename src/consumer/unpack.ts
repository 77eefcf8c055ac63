import { unzipSync } from 'node:zlib'
import { messageOf } from '../domain/errors.ts'

/** An unpacked body, or the stage and the reason of a refusal. */
export type Unpacked =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly stage: 'decode' | 'size'; readonly reason: string }

/** Kombu gives zlib data the name of gzip and never sends gzip; other senders do. Both are accepted. */
const ZLIB = new Set(['application/x-gzip', 'gzip', 'zlib'])

/**
 * Undoes the compression that kombu names in a header. Refuses a body that unpacks to more than `mostBytes`.
 */
export function unpack(body: Buffer, compression: string, mostBytes: number): Unpacked {
  if (!ZLIB.has(compression))
    return {
      ok: false,
      stage: 'decode',
      reason: `the body is compressed as ${compression}, which is not supported`,
    }
  try {
    return { ok: true, body: unzipSync(body, { maxOutputLength: mostBytes }) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      return {
        ok: false,
        stage: 'size',
        reason: 'the message unpacks to more bytes than max_message_mb allows',
      }
    return {
      ok: false,
      stage: 'decode',
      reason: `the body is not compressed as ${compression}: ${messageOf(error)}`,
    }
  }
}
