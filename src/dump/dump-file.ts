import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { link, lstat, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { messageOf, StackTachError } from '../domain/errors.ts'
import { syncFile, syncFolderOf } from '../runtime/sync-file.ts'

/** Target of a dump; `write` resolves when more text can be taken. */
export type DumpSink = { write(text: string): Promise<void> }

/**
 * Writes a new file that only its owner can read, compressed when its name ends in .gz. The file gets its
 * name only when it is complete. When the work fails or the signal aborts, nothing is left behind.
 *
 * Throws StackTachError when the file exists or cannot be written.
 */
export async function writeDumpFile(
  file: string,
  signal: AbortSignal,
  work: (sink: DumpSink) => Promise<void>,
): Promise<void> {
  if (await exists(file)) throw new StackTachError('config', `${file} already exists; choose another name`)
  const part = `${file}.${randomBytes(4).toString('hex')}.part`
  try {
    const output = createWriteStream(part, { flags: 'wx', mode: 0o600 })
    const target = file.endsWith('.gz') ? createGzip() : output
    if (target !== output) target.pipe(output)
    const written = finished(output)
    written.catch(() => {})
    await work({
      async write(text) {
        requireRunning(signal)
        if (target.write(text)) return
        await Promise.race([new Promise((resolve) => target.once('drain', resolve)), written])
      },
    })
    target.end()
    await written
    await syncFile(part)
    // Unlike rename, link does not replace an existing file.
    await link(part, file)
    await syncFolderOf(file)
  } catch (error) {
    if (error instanceof StackTachError) throw error
    throw new StackTachError('io', `cannot write ${file}: ${messageOf(error)}`, { cause: error })
  } finally {
    await rm(part, { force: true })
  }
}

/** Throws StackTachError if the signal has aborted. */
export function requireRunning(signal: AbortSignal): void {
  if (signal.aborted) throw new StackTachError('io', 'the run was interrupted')
}

function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  )
}
