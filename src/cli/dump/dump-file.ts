import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, open, rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { messageOf, StackTachError } from '../../domain/errors.ts'

/** The text of a dump, unpacked where its name ends in .gz; `-` is standard input. */
export async function* readTexts(file: string): AsyncGenerator<string> {
  const raw = file === '-' ? process.stdin : createReadStream(file)
  const input = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  raw.on('error', (error) => input.destroy(error))
  input.setEncoding('utf8')
  try {
    for await (const text of input) yield text as string
  } catch (error) {
    throw new StackTachError('config', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}

/** Where a dump is written to. */
export type DumpSink = { write(text: string): Promise<void> }

/**
 * Writes a dump that only its owner can read; it has its name only when it is complete. Packed where the name ends in
 * .gz.
 */
export async function writeDumpFile(file: string, work: (sink: DumpSink) => Promise<void>): Promise<void> {
  const part = `${file}.part`
  try {
    const output = createWriteStream(part, { mode: 0o600 })
    const target = file.endsWith('.gz') ? createGzip() : output
    if (target !== output) target.pipe(output)
    const written = finished(output)
    written.catch(() => {})
    await work({
      async write(text) {
        if (target.write(text)) return
        await Promise.race([new Promise((resolve) => target.once('drain', resolve)), written])
      },
    })
    target.end()
    await written
    await chmod(part, 0o600)
    await sync(part)
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true })
    if (error instanceof StackTachError) throw error
    throw new StackTachError('io', `cannot write ${file}: ${messageOf(error)}`, { cause: error })
  }
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
