import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { EXTRA } from './extras.ts'
import { BrokenMessage, type ReadMessage } from './log-message.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Packs content. Resolves to undefined where that does not make it shorter. */
export async function pack(content: Buffer): Promise<Buffer | undefined> {
  const packed = await compress(content)
  return packed.length < content.length ? packed : undefined
}

/** Returns the field that says how long packed content is without its packing. */
export function packedExtra(length: number): readonly [number, Buffer] {
  return [EXTRA.unpackedLength, Buffer.from(String(length))]
}

/**
 * Resolves to the content of a message, unpacked where it is packed. Rejects with BrokenMessage where it cannot be unpacked to the
 * length that it says, or to more than `maxBytes`.
 */
export async function unpack({ content, extras }: ReadMessage, maxBytes: number): Promise<readonly Buffer[]> {
  const length = extras?.get(EXTRA.unpackedLength)
  if (!length) return content
  const expected = Number(length.toString())
  if (!Number.isSafeInteger(expected) || expected < 1 || expected > maxBytes)
    throw new BrokenMessage('its packed content says no usable length')
  const packed = Buffer.concat(content)
  const unpacked = await decompress(packed, { maxOutputLength: expected }).catch(() => undefined)
  if (unpacked?.length !== expected) throw new BrokenMessage('its packed content cannot be unpacked')
  return [unpacked]
}
