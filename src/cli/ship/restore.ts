import { open, unlink } from 'node:fs/promises'
import { readEncryptionKeys } from '../../assembly/ship/encryption-keys.ts'
import { closeTargets, openTargets } from '../../assembly/ship/open-targets.ts'
import { ConflictError, InvalidError, NotFoundError } from '../../domain/errors.ts'
import { ContentCheck } from '../../objects/digest.ts'
import type { ObjectTarget } from '../../objects/target.ts'
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

/** Writes an object of a target into a new file, which is removed again where the content is not the one that was shipped. */
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
    const { size, sha256 } = await writeNew(output, content)
    if (shipped !== undefined && shipped !== sha256) {
      await unlink(output)
      throw new ConflictError(
        `${target.name} has another ${key}: ${sha256}, and not ${shipped} as it was shipped`,
      )
    }
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

async function writeNew(
  output: string,
  content: AsyncIterable<Buffer>,
): Promise<{ size: number; sha256: string }> {
  // The object is asked for before the file is made: none is left where there is no such object.
  const pieces = content[Symbol.asyncIterator]()
  let piece = await pieces.next()
  const handle = await open(output, 'wx', 0o600).catch((error) => {
    if (error.code === 'EEXIST') throw new ConflictError(`${output} is there already; name a new file`)
    if (error.code === 'ENOENT') throw new NotFoundError(`the folder of ${output} is missing`)
    throw error
  })
  const check = new ContentCheck()
  try {
    for (; !piece.done; piece = await pieces.next()) {
      check.add(piece.value)
      await handle.writeFile(piece.value)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return check.end()
}
