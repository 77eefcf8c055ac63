import { pipeline, Readable, type Transform } from 'node:stream'
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

/** Begins when the first piece is asked for. An error of the content reaches the reader, also one that comes while it asks for nothing. */
async function* through(content: AsyncIterable<Buffer>, packer: Transform): AsyncGenerator<Buffer> {
  pipeline(Readable.from(copies(content)), packer, () => {})
  yield* packer
}

/** Yields copies: a piece is valid only until the next is asked for, which a stream does early. */
async function* copies(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of content) yield Buffer.from(piece)
}
