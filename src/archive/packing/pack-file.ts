import { createHash } from 'node:crypto'
import { open, rm, stat, writeFile } from 'node:fs/promises'
import { syncFile } from '../../runtime/sync-file.ts'
import { type Compression, PACKERS } from '../compression.ts'
import { BlockFacts, sumFacts } from '../file-index/block-facts.ts'
import { type FileIndex, formatIndex, INDEX_VERSION, type IndexBlock } from '../file-index/file-index.ts'
import { fileKindOf } from '../reader/file-kind.ts'
import { parserOf, plainBytes } from '../reader/read-records.ts'
import { type Block, cutBlocks } from './cut-blocks.ts'

export type PackFile = {
  /** a complete file that is not packed */
  readonly source: string
  readonly compression: Compression
  /** where the packed file is written, if there is one */
  readonly target: string
  /** where the index is written; undefined: none is */
  readonly index?: string | undefined
}

/** SHA-256 of the content of a file, as hex digits. */
export type Packed = { readonly sha256: string }

/**
 * Packs a complete file block by block, so that each block can be read by itself, and makes its index in the same
 * pass. What was written is on disk when it resolves. After a failure nothing is left of it.
 */
export async function packFile({ source, compression, target, index }: PackFile): Promise<Packed> {
  const packer = compression === 'none' ? undefined : PACKERS[compression]
  const output = packer && (await open(target, 'w', 0o600))
  const hash = createHash('sha256')
  const blocks: IndexBlock[] = []
  let at = 0
  try {
    for await (const block of blocksOf(source)) {
      hash.update(block.bytes)
      const packed = packer ? await packer.pack(block.bytes) : block.bytes
      await output?.appendFile(packed)
      if (index !== undefined) blocks.push(indexBlock(block, at, packed.length))
      at += packed.length
    }
    await output?.sync()
    const sha256 = hash.digest('hex')
    if (index !== undefined) await writeIndex(index, indexOf(blocks, at, sha256))
    return { sha256 }
  } catch (error) {
    await Promise.all(
      [packer && target, index].map(async (path) => path && rm(path, { force: true }).catch(() => {})),
    )
    throw error
  } finally {
    await output?.close()
  }
}

/** Writes the index of a file of any form that is complete, packed or not, beside it. */
export async function indexFile(path: string): Promise<FileIndex> {
  const kind = await fileKindOf(path)
  const { size } = await stat(path)
  const hash = createHash('sha256')
  const blocks: IndexBlock[] = []
  for await (const block of cutBlocks(plainBytes(path, kind), parserOf(kind, {}))) {
    hash.update(block.bytes)
    // A packed file that was not written block by block can be read as a whole only.
    const [at, length] = kind.compression === 'none' ? [block.plainAt, block.bytes.length] : [0, size]
    blocks.push(indexBlock(block, at, length))
  }
  return indexOf(blocks, size, hash.digest('hex'))
}

async function* blocksOf(source: string): AsyncGenerator<Block> {
  const kind = await fileKindOf(source)
  yield* cutBlocks(plainBytes(source, { compression: 'none' }), parserOf(kind, {}))
}

function indexBlock({ plainAt, bytes, payloads }: Block, at: number, length: number): IndexBlock {
  const facts = new BlockFacts()
  for (const payload of payloads) facts.add(payload)
  return { at, length, plainAt, plainLength: bytes.length, ...facts.facts() }
}

function indexOf(blocks: readonly IndexBlock[], bytes: number, sha256: string): FileIndex {
  const plainBytes = blocks.reduce((sum, { plainLength }) => sum + plainLength, 0)
  return { version: INDEX_VERSION, bytes, plainBytes, sha256, ...sumFacts(blocks), blocks }
}

export async function writeIndex(path: string, index: FileIndex): Promise<void> {
  await writeFile(path, formatIndex(index), { mode: 0o600 })
  await syncFile(path)
}
