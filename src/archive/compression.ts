import type { Transform } from 'node:stream'
import { promisify } from 'node:util'
import { createGunzip, createZstdDecompress, gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib'

/** How complete files are packed. */
export type Compression = 'none' | 'gzip' | 'zstd'

/** A way to pack bytes. What is packed piece by piece can be joined, and read by the usual programs. */
export type Packer = {
  readonly extension: string
  /** the first bytes of whatever is packed so */
  readonly magic: Buffer
  pack(bytes: Buffer): Promise<Buffer>
  unpack(bytes: Buffer): Promise<Buffer>
  /** Creates a stream that unpacks. */
  createUnpacking(chunkSize: number): Transform
}

export const PACKERS: { readonly [name in Exclude<Compression, 'none'>]: Packer } = {
  gzip: {
    extension: '.gz',
    magic: Buffer.from([0x1f, 0x8b]),
    pack: promisify<Buffer, Buffer>(gzip),
    unpack: promisify<Buffer, Buffer>(gunzip),
    createUnpacking: (chunkSize) => createGunzip({ chunkSize }),
  },
  zstd: {
    extension: '.zst',
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    pack: promisify<Buffer, Buffer>(zstdCompress),
    unpack: promisify<Buffer, Buffer>(zstdDecompress),
    createUnpacking: (chunkSize) => createZstdDecompress({ chunkSize }),
  },
}

/** Returns how bytes are packed, by the first of them. */
export function compressionOf(begin: Buffer): Compression {
  for (const name of ['gzip', 'zstd'] as const) {
    const { magic } = PACKERS[name]
    if (begin.subarray(0, magic.length).equals(magic)) return name
  }
  return 'none'
}
