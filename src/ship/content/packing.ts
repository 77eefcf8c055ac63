import { Readable } from 'node:stream'
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib'

export type Packing = 'gzip' | 'zstd'

/** Packs content as it passes. The same content gives the same bytes. */
export function pack(packing: Packing, content: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  return through(content, packing === 'gzip' ? createGzip() : createZstdCompress())
}

/** Unpacks content as it passes. */
export function unpack(packing: Packing, content: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  return through(content, packing === 'gzip' ? createGunzip() : createZstdDecompress())
}

function through(
  content: AsyncIterable<Buffer>,
  packer: NodeJS.ReadWriteStream & { destroy(error?: Error): unknown },
): AsyncIterable<Buffer> {
  const source = Readable.from(copies(content))
  source.on('error', (error) => packer.destroy(error))
  const packed = source.pipe(packer)
  packed.on('close', () => source.destroy())
  return packed as unknown as AsyncIterable<Buffer>
}

/** Yields copies: a piece is valid only until the next is asked for, which a stream does early. */
async function* copies(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of content) yield Buffer.from(piece)
}
