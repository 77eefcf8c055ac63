import type { RecordParser } from '../format.ts'

/** A run of whole records, with what stands between them. */
export type Block = {
  /** number of bytes before it in the unpacked file */
  readonly plainAt: number
  readonly bytes: Buffer
  readonly payloads: readonly Buffer[]
}

/** A block is complete from so many bytes on. */
const BLOCK_BYTES = 1 << 20

/** Cuts the bytes of a file into blocks, between records. The blocks joined are the file. */
export async function* cutBlocks(chunks: AsyncIterable<Buffer>, parser: RecordParser): AsyncGenerator<Block> {
  let plainAt = 0
  let open: Buffer[] = []
  let payloads: Buffer[] = []
  let openBytes = 0
  /** end of the last whole record */
  let end = 0
  const cut = (length: number): Block => {
    const all = Buffer.concat(open)
    const block = { plainAt, bytes: all.subarray(0, length), payloads }
    plainAt += length
    open = length < all.length ? [all.subarray(length)] : []
    openBytes = all.length - length
    payloads = []
    return block
  }
  for await (const bytes of chunks) {
    open.push(bytes)
    openBytes += bytes.length
    for (const { at, length, payload } of parser.push(bytes)) {
      payloads.push(payload)
      end = at + length
      if (end - plainAt >= BLOCK_BYTES) yield cut(end - plainAt)
    }
  }
  for (const { payload } of parser.end()) payloads.push(payload)
  if (openBytes > 0) yield cut(openBytes)
}
