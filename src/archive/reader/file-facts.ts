import { stat } from 'node:fs/promises'
import { type FileIndex, readIndex } from '../file-index/file-index.ts'
import { indexFile } from '../packing/pack-file.ts'
import { type FileKind, fileKindOf } from './file-kind.ts'
import { isUnfinished } from './find-files.ts'

/** What is known of a file of the archive. */
export type FileFacts = FileKind &
  Omit<FileIndex, 'blocks' | 'version'> & {
    readonly file: string
    /** whether its index says so; else the file was read */
    readonly isFromIndex: boolean
    /** whether a consumer is still writing to it */
    readonly isUnfinished: boolean
  }

/** Returns what is known of a file, from its index where it has one, else by reading it. */
export async function fileFactsOf(file: string): Promise<FileFacts> {
  return factsByIndex(file, await readIndex(file))
}

/** Returns what is known of a file whose index, or that it has none, is known. */
export async function factsByIndex(file: string, index: FileIndex | undefined): Promise<FileFacts> {
  const { blocks: _, version: __, ...facts } = index ?? (await indexFile(file))
  const { size: bytes } = await stat(file)
  const isFromIndex = index !== undefined
  return { file, ...(await fileKindOf(file)), ...facts, bytes, isFromIndex, isUnfinished: isUnfinished(file) }
}
