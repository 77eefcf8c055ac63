import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../cli/program.ts'

/** A body that was edited, in a file of its own. */
export type Edited = {
  readonly body: Buffer
  readonly file: string
  /** Deletes the file. */
  discard(): Promise<void>
}

/**
 * Opens a body in the editor of VISUAL or EDITOR and returns it as it was saved; JSON is indented before. The file can be
 * read by this account only. Returns undefined where nothing was changed. Throws UsageError without an editor.
 */
export async function editBody(body: Buffer, name: string): Promise<Edited | undefined> {
  const editor = process.env.VISUAL || process.env.EDITOR
  if (!editor) throw new UsageError('--edit needs an editor in EDITOR; --body FILE takes a file instead')
  const folder = await mkdtemp(join(tmpdir(), 'klugman-'))
  const file = join(folder, `${name}.json`)
  const discard = () => rm(folder, { recursive: true, force: true })
  const before = indented(body)
  await writeFile(file, before, { mode: 0o600 })
  // As git does it: the variable may hold arguments too.
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  const after = await readFile(file)
  if (code === 0 && !after.equals(before)) return { body: after, file, discard }
  await discard()
  if (code !== 0) throw new UsageError(`the editor ${editor} ended with ${code}; nothing was retried`)
  return undefined
}

/** Returns JSON with one member a line; bytes that are no JSON, or hold numbers that would change, as they are. */
function indented(body: Buffer): Buffer {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (/\d{16}/.test(body.toString('utf8'))) return body
    return Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
  } catch {
    return body
  }
}
