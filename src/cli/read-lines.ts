import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { messageOf, StackTachError } from '../domain/errors.ts'

/** The lines of a file (unpacked where it ends in .gz; `-` is standard input), empty ones left out. */
export async function* readLines(file: string): AsyncGenerator<string> {
  const raw = file === '-' ? process.stdin : createReadStream(file)
  const input = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  // readline passes on errors of the stream it reads, not of one before it.
  let failure: unknown
  for (const stream of new Set([raw, input])) {
    stream.on('error', (error) => {
      failure = error
      lines.close()
    })
  }
  try {
    for await (const line of lines) if (line !== '') yield line
  } catch (error) {
    failure ??= error
  }
  if (failure) throw new StackTachError('config', `cannot read ${file}: ${messageOf(failure)}`)
}
