import { setImmediate as immediate } from 'node:timers/promises'
import type { Micros } from '../../domain/time.ts'
import type { Simulated } from '../../notigen/simulation.ts'
import type { LineOutput } from './line-output.ts'

export type WriteOptions = {
  readonly signal: AbortSignal
  /** whether each message is written at once, not in large chunks */
  readonly isPaced: boolean
  /** called after each write with the number of messages and the time of the last one */
  readonly onWritten: (count: number, at: Micros) => void
}

const CHUNK_LENGTH = 1 << 20

/** Writes messages as lines until they end or the signal aborts. */
export async function writeLines(
  messages: Iterable<Simulated> | AsyncIterable<Simulated>,
  output: LineOutput,
  { signal, isPaced, onWritten }: WriteOptions,
): Promise<void> {
  let chunk = ''
  let count = 0
  let last = 0
  const flush = async () => {
    await output.write(chunk)
    onWritten(count, last)
    chunk = ''
    count = 0
    // Writing to files and pipes may never yield to the event loop; without a pause no signal would be
    // handled.
    await immediate()
  }
  for await (const { at, body } of messages) {
    if (signal.aborted) break
    chunk += `${body}\n`
    count++
    last = at
    if (isPaced || chunk.length >= CHUNK_LENGTH) await flush()
  }
  if (count > 0) await flush()
}
