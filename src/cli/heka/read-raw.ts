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

/** A line of hexadecimal as bytes, and its number, from 1. */
export type HexLine = { readonly number: number; readonly bytes: Buffer }

/** Yields the lines of a file of hexadecimal; an empty one stands for no bytes. Throws InvalidError, with its number. */
export async function* readHexLines(file: string): AsyncGenerator<HexLine> {
  let open = ''
  let number = 1
  for await (const piece of readRaw(file)) {
    const lines = `${open}${piece.toString('latin1')}`.split('\n')
    open = lines.pop() ?? ''
    for (const line of lines) yield hexLine(line, number++)
  }
  if (open !== '') yield hexLine(open, number)
}

function hexLine(line: string, number: number): HexLine {
  const text = line.trim()
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text))
    throw new InvalidError(`line ${number}: expected bytes in hexadecimal`)
  return { number, bytes: Buffer.from(text, 'hex') }
}
