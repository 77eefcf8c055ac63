import { brotliDecompressSync, inflateRawSync, unzipSync, zstdDecompressSync } from 'node:zlib'
import { messageOf } from '../../domain/errors.ts'
import { bunzip2, TooLargeError } from './bunzip2.ts'

/** An unpacked body, or the stage and the reason of a refusal. */
export type Unpacked =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly stage: 'decode' | 'size'; readonly reason: string }

type Unpacker = (body: Buffer, mostBytes: number) => Buffer

const byZlib: Unpacker = (body, mostBytes) => unzipSync(body, { maxOutputLength: mostBytes })
/** What HTTP calls deflate is data of zlib; some senders leave its frame away. */
const byDeflate: Unpacker = (body, mostBytes) => {
  try {
    return byZlib(body, mostBytes)
  } catch (error) {
    if (isTooLarge(error)) throw error
    return inflateRawSync(body, { maxOutputLength: mostBytes })
  }
}
const byBrotli: Unpacker = (body, mostBytes) => brotliDecompressSync(body, { maxOutputLength: mostBytes })
const byZstd: Unpacker = (body, mostBytes) => zstdDecompressSync(body, { maxOutputLength: mostBytes })

/**
 * The compressions, by the names of kombu's header and of content-encoding. Kombu gives zlib data the name of
 * gzip and never sends gzip; other senders do. Both are accepted under both names.
 */
const UNPACKERS = new Map<string, Unpacker>([
  ...['application/x-gzip', 'application/gzip', 'gzip', 'x-gzip'].map((name) => [name, byZlib] as const),
  ...['application/zlib', 'application/x-zlib', 'zlib', 'x-zlib'].map((name) => [name, byZlib] as const),
  ['deflate', byDeflate],
  ...['application/x-bz2', 'application/x-bzip2', 'bzip2', 'bz2', 'x-bzip2'].map(
    (name) => [name, bunzip2] as const,
  ),
  ...['application/x-brotli', 'brotli', 'br'].map((name) => [name, byBrotli] as const),
  ...['application/zstd', 'application/x-zstd', 'zstd', 'zstandard'].map((name) => [name, byZstd] as const),
])

/** Names of compressions that cannot be unpacked here; another name of content-encoding is that of a charset. */
const UNSUPPORTED = /^(application\/.*|x?z|lzma2?|lz4|snappy|compress|x-compress|7z)$/

/** Returns whether a name, in lower case, is that of a compression, be it one that can be unpacked or not. */
export function isCompression(name: string): boolean {
  return UNPACKERS.has(name) || UNSUPPORTED.test(name)
}

/** Undoes a compression that is named in lower case. Refuses a body that unpacks to more than `mostBytes`. */
export function unpack(body: Buffer, compression: string, mostBytes: number): Unpacked {
  const unpacker = UNPACKERS.get(compression)
  if (!unpacker) {
    const reason = `the body is compressed as ${compression}, which is not supported`
    return { ok: false, stage: 'decode', reason }
  }
  try {
    return { ok: true, body: unpacker(body, mostBytes) }
  } catch (error) {
    if (isTooLarge(error)) {
      const reason = 'the message unpacks to more bytes than max_message_mb allows'
      return { ok: false, stage: 'size', reason }
    }
    const reason = `the body is not compressed as ${compression}: ${messageOf(error)}`
    return { ok: false, stage: 'decode', reason }
  }
}

/** Returns the compression that the first bytes of a body show; undefined for any text. */
export function compressionShown(body: Buffer): string | undefined {
  const [first, second, third] = body
  if (first === 0x1f && second === 0x8b) return 'gzip'
  if (first === 0x78 && second !== undefined && ((first << 8) | second) % 31 === 0) return 'zlib'
  if (first === 0x42 && second === 0x5a && third === 0x68) return 'bzip2'
  return first === 0x28 && second === 0xb5 && third === 0x2f ? 'zstd' : undefined
}

function isTooLarge(error: unknown): boolean {
  if (error instanceof TooLargeError) return true
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
