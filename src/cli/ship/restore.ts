import { randomUUID } from 'node:crypto'
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises'
import { readEncryptionKeys } from '../../assembly/ship/encryption-keys.ts'
import { closeTargets, openTargets } from '../../assembly/ship/open-targets.ts'
import { ConflictError, InvalidError, NotFoundError } from '../../domain/errors.ts'
import { ContentCheck } from '../../objects/digest.ts'
import type { ObjectTarget } from '../../objects/target.ts'
import { syncFolderOf } from '../../runtime/sync-file.ts'
import { originalOf } from '../../ship/content/content-form.ts'
import { type Entry, Journal } from '../../ship/journal.ts'
import { print } from '../program.ts'
import { requireShip } from './ship-check.ts'

type Options = {
  readonly config: string
  readonly output: string
  readonly target?: string
  readonly raw?: true
}

/** Writes an object of a target into a new file, which is not made where the content is not the one that was shipped. */
export async function restoreShipped(
  key: string,
  { config: file, output, target: name, raw }: Options,
): Promise<void> {
  const config = await requireShip(file)
  const names = Object.keys(config.targets)
  const chosen = name ?? (names.length === 1 ? names[0] : undefined)
  if (chosen === undefined || !names.includes(chosen))
    throw new InvalidError(`expected --target with one of ${names.join(', ')}`)
  const targets = await openTargets(config.targets)
  try {
    const target = targets[chosen] as ObjectTarget
    const entry = shippedEntry(config.journal, target.name, key)
    const isOpened = !raw && entry?.form !== undefined && entry.form !== ''
    const keys = isOpened ? await readEncryptionKeys(config.encryptionKeys) : new Map()
    const stored = target.read(key)
    const content = isOpened ? originalOf(stored, entry.form as string, (one) => keys.get(one)) : stored
    const shipped = isOpened ? entry.sha256 : (entry?.object ?? entry)?.sha256
    const { size } = await writeNew(output, content, ({ sha256 }) => {
      if (shipped !== undefined && shipped !== sha256)
        throw new ConflictError(
          `${target.name} has another ${key}: ${sha256}, and not ${shipped} as it was shipped`,
        )
    })
    const compared =
      shipped === undefined ? 'the journal has nothing to compare it with' : 'it is as it was shipped'
    await print(`${output}: ${size} bytes, ${compared}\n`)
  } finally {
    await closeTargets(targets)
  }
}

/** Returns what the journal has of an object; undefined when it has nothing. */
function shippedEntry(file: string, target: string, key: string): Entry | undefined {
  const journal = Journal.openToRead(file)
  try {
    for (const entry of journal.stored()) if (entry.target === target && entry.key === key) return entry
    return undefined
  } finally {
    journal.close()
  }
}

type Content = { readonly size: number; readonly sha256: string }

/**
 * Writes content into a file that is not there yet. It has its name only when it is whole and `check` does not throw; until then it lies
 * beside it, and nothing of it is left when that fails.
 */
async function writeNew(
  output: string,
  content: AsyncIterable<Buffer>,
  check: (found: Content) => void,
): Promise<Content> {
  if (await lstat(output).catch(() => undefined)) throw taken(output)
  const part = `${output}.${randomUUID()}.part`
  try {
    const found = await writePart(part, output, content)
    check(found)
    // An empty file takes the name, which a file of another has not; then the whole one replaces it.
    await (await openNew(output, output)).close()
    await rename(part, output)
    await syncFolderOf(output)
    return found
  } finally {
    await rm(part, { force: true })
  }
}

async function writePart(part: string, output: string, content: AsyncIterable<Buffer>): Promise<Content> {
  const handle = await openNew(part, output)
  const check = new ContentCheck()
  try {
    for await (const piece of content) {
      check.add(piece)
      await handle.writeFile(piece)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return check.end()
}

/** Opens a file that is not there yet, for the file `output`. */
async function openNew(file: string, output: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw taken(output)
    if (code === 'ENOENT') throw new NotFoundError(`the folder of ${output} is missing`)
    throw error
  }
}

function taken(output: string): ConflictError {
  return new ConflictError(`${output} is there already; name a new file`)
}
