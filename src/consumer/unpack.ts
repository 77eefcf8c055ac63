import { unzipSync } from 'node:zlib'
import { messageOf } from '../domain/errors.ts'

/** A body as it was before it was compressed, or the stage and the reason of a refusal. */
export type Unpacked =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly stage: 'decode' | 'size'; readonly reason: string }

/** Kombu calls what zlib makes so, and sends no gzip under that name; others do. */
const ZLIB = new Set(['application/x-gzip', 'gzip', 'zlib'])

/** Undoes the compression that kombu names in a header; never makes more than so many bytes. */
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
