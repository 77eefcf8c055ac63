import { type FileHandle, open } from 'node:fs/promises'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { flushOutput, printData } from '../program.ts'

/** Target of generated lines. */
export type LineOutput = {
  readonly name: string
  /** Writes whole lines. Throws StackTachError when they cannot all be written. */
  write(lines: string): Promise<void>
  close(): Promise<void>
}

export function standardOutput(): LineOutput {
  return {
    name: 'standard output',
    write: (lines) => printData(lines).catch(refuseOutput),
    close: () => flushOutput().catch(refuseOutput),
  }
}

/**
 * Throws for standard output that cannot be written. The error of a reader that has closed it is thrown as it
 * is: the program ends silently, as all of them do behind `| head`.
 */
function refuseOutput(error: unknown): never {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') throw error
  throw new StackTachError('io', `cannot write to standard output: ${messageOf(error)}`)
}

/**
 * Creates a new file, which must not exist, readable by its owner only. After a failed write it is cut back
 * to its whole lines.
 */
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

/**
 * Removes the part of a failed chunk that was written, and closes the file. Errors are ignored: the failed
 * write is reported anyway.
 */
async function cutBack(file: FileHandle, size: number): Promise<void> {
  await file.truncate(size).catch(() => {})
  await file.close().catch(() => {})
}

function refusal(path: string, error: unknown): StackTachError {
  const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST'
  const message = isThere
    ? `${path} already exists and is not overwritten`
    : `cannot write ${path}: ${messageOf(error)}`
  return new StackTachError('io', message, { cause: error })
}
