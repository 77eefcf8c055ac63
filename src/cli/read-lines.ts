import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { messageOf, StackTachError } from '../domain/errors.ts'

const BYTE_ORDER_MARK = '\ufeff'

/** A line of a file and its line number, from 1. */
export type NumberedLine = { readonly number: number; readonly text: string }

/**
 * Yields the non-empty lines of a file (unpacked when its name ends in .gz; `-` is standard input). Throws
 * StackTachError when the file cannot be read.
 */
export async function* readLines(file: string): AsyncGenerator<string> {
  for await (const { text } of readNumberedLines(file)) yield text
}

/**
 * Yields the non-empty lines of a file as readLines does, with their line numbers, until `signal` aborts. A byte
 * order mark at the beginning is left out.
 */
export async function* readNumberedLines(file: string, signal?: AbortSignal): AsyncGenerator<NumberedLine> {
  const raw = file === '-' ? process.stdin : createReadStream(file)
  const input = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  // readline forwards errors of its input stream, not of a stream piped into that.
  let failure: unknown
  for (const stream of new Set([raw, input])) {
    stream.on('error', (error) => {
      failure = error
      lines.close()
    })
  }
  // A pipe may stay silent for ever.
  const stop = () => lines.close()
  signal?.addEventListener('abort', stop, { once: true })
  let number = 0
  try {
    for await (const line of lines) {
      number++
      const text = number === 1 && line.startsWith(BYTE_ORDER_MARK) ? line.slice(1) : line
      if (text !== '') yield { number, text }
      if (signal?.aborted) break
    }
  } catch (error) {
    failure ??= error
  }
  signal?.removeEventListener('abort', stop)
  if (failure) throw new StackTachError('config', `cannot read ${file}: ${messageOf(failure)}`)
}
