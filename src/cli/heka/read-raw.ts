import { createReadStream } from 'node:fs'
import { InvalidError, messageOf, StackTachError } from '../../domain/errors.ts'

/** Yields the bytes of a file as they are, in pieces; `-` is standard input. Throws StackTachError. */
export async function* readRaw(file: string): AsyncGenerator<Buffer> {
  try {
    yield* file === '-' ? process.stdin : createReadStream(file)
  } catch (error) {
    throw new StackTachError('config', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * Yields the bytes of each line of a file of hexadecimal; an empty line stands for none. Throws InvalidError with the
 * number of the line, from 1.
 */
export async function* readHexLines(file: string): AsyncGenerator<Buffer> {
  let open = ''
  let number = 1
  for await (const piece of readRaw(file)) {
    const lines = `${open}${piece.toString('latin1')}`.split('\n')
    open = lines.pop() ?? ''
    for (const line of lines) yield bytesOfLine(line, number++)
  }
  if (open !== '') yield bytesOfLine(open, number)
}

function bytesOfLine(line: string, number: number): Buffer {
  const text = line.trim()
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text))
    throw new InvalidError(`line ${number}: expected bytes in hexadecimal`)
  return Buffer.from(text, 'hex')
}
