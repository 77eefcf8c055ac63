import { readFile, stat } from 'node:fs/promises'
import { messageOf, TransientError } from '../domain/errors.ts'

/**
 * Returns the trimmed text of a file that nobody but its owner can read. Rejects with TransientError: an
 * operator can mend the file while the process waits.
 */
export async function readSecret(file: string): Promise<string> {
  try {
    const { mode } = await stat(file)
    if (mode & 0o077) {
      throw new TransientError(`${file} can be read by others; expected mode 600`)
    }
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (error instanceof TransientError) throw error
    throw new TransientError(`cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}
