import { createReadStream } from 'node:fs'
import { messageOf, StackTachError } from '../../domain/errors.ts'

/** Yields the bytes of a file as they are, in pieces; `-` is standard input. Throws StackTachError. */
export async function* readRaw(file: string): AsyncGenerator<Buffer> {
  try {
    yield* file === '-' ? process.stdin : createReadStream(file)
  } catch (error) {
    throw new StackTachError('config', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}
