import { type FileHandle, open } from 'node:fs/promises'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { flushOutput, print } from '../program.ts'

/** Where lines go. */
export type LineOutput = {
  readonly name: string
  /** Takes whole lines; throws StackTachError when they cannot all be written. */
  write(lines: string): Promise<void>
  close(): Promise<void>
}

export function standardOutput(): LineOutput {
  return {
    name: 'standard output',
    write: (lines) => print(lines).catch(refuseOutput),
    close: () => flushOutput().catch(refuseOutput),
  }
}

function refuseOutput(error: unknown): never {
  const isClosed = (error as NodeJS.ErrnoException).code === 'EPIPE'
  throw new StackTachError(
    'io',
    isClosed
      ? 'the reader of standard output has closed it'
      : `cannot write to standard output: ${messageOf(error)}`,
  )
}

/** A new file. Where writing fails it is cut back to the lines that are whole. */
export async function createLineFile(path: string): Promise<LineOutput> {
  const file = await openNew(path)
  let size = 0
  return {
    name: path,
    async write(lines) {
      const bytes = Buffer.from(lines)
      try {
        await file.appendFile(bytes)
        size += bytes.length
      } catch (error) {
        await cutBack(file, size)
        throw refusal(path, error)
      }
    },
    async close() {
      try {
        await file.close()
      } catch (error) {
        throw refusal(path, error)
      }
    },
  }
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    throw refusal(path, error)
  }
}

/** What was written of the chunk that failed is taken away; a disk that refuses that as well is told of anyway. */
async function cutBack(file: FileHandle, size: number): Promise<void> {
  await file.truncate(size).catch(() => {})
  await file.close().catch(() => {})
}

function refusal(path: string, error: unknown): StackTachError {
  const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST'
  const message = isThere
    ? `${path} is there already and is not written over`
    : `cannot write ${path}: ${messageOf(error)}`
  return new StackTachError('io', message, { cause: error })
}
