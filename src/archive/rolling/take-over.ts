import { existsSync, rmSync } from 'node:fs'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../domain/errors.ts'
import { FileLock } from '../../runtime/file-lock.ts'
import type { Logger } from '../../runtime/logger.ts'
import { wholeBytes } from '../reader/whole-bytes.ts'
import {
  isNear,
  lockPath,
  type Owner,
  type OwnerId,
  readLockName,
  readMadeName,
  readPartName,
} from './owner.ts'

export type TakeOver = {
  readonly folder: string
  /** folder of the complete files */
  readonly destinationFolder: string
  readonly owner: Owner
  /** age in ms at which an owner without a lock file no longer writes to a file */
  readonly longestAgeMs: number
  readonly logger: Logger
}

/** A file that was taken over and is complete, and its final name. */
export type TakenFile = { readonly path: string; readonly name: string }

/** File names of earlier versions, with a process id, which means nothing across containers. */
const NUMBERED = /^(.+)\.\d{1,10}@.+\.[0-9a-f]{8}\.part$/
const MARGIN_MS = 120_000

/**
 * Takes over the files of owners that are gone. A torn last record was never acknowledged and is cut off. A
 * file that cannot be taken over is logged and stays for the next time.
 */
export async function takeOver(what: TakeOver): Promise<TakenFile[]> {
  const entries = await readdir(what.folder)
  const taken: TakenFile[] = []
  for (const id of ownersOf(entries)) {
    if (id.token === what.owner.id.token || !isNear(id)) continue
    const own = entries.filter((entry) => readPartName(entry)?.token === id.token)
    taken.push(...(await takeFrom(id, own, what)))
  }
  await removeOrphans(entries, what.folder)
  for (const entry of entries) {
    const [, name] = NUMBERED.exec(entry) ?? []
    if (name !== undefined && (await isAbandoned(entry, what))) taken.push(...(await take(entry, name, what)))
  }
  return taken
}

function ownersOf(entries: readonly string[]): OwnerId[] {
  const ids = entries.flatMap((entry) => readPartName(entry) ?? readLockName(entry) ?? [])
  return [...new Map(ids.map(({ token, host }) => [token, { token, host }])).values()]
}

/** Takes over the files of one owner, whose lock is held meanwhile, so that no other process takes them. */
async function takeFrom(id: OwnerId, entries: readonly string[], what: TakeOver): Promise<TakenFile[]> {
  const path = lockPath(what.folder, id)
  const isLockable = existsSync(path)
  const lock = isLockable ? FileLock.take(path) : undefined
  if (isLockable && !lock) return []
  const taken: TakenFile[] = []
  try {
    for (const entry of entries) {
      const name = readPartName(entry)?.name
      if (name === undefined || !(lock || (await isAbandoned(entry, what)))) continue
      taken.push(...(await take(entry, name, what)))
    }
    if (lock && taken.length === entries.length) {
      for (const folder of [what.folder, what.destinationFolder]) await removeMaking(id, folder)
      rmSync(path, { force: true })
    }
  } finally {
    lock?.release()
  }
  return taken
}

/** Removes what an owner that is gone was making of its files, or copying: it is made again. */
async function removeMaking({ token }: OwnerId, folder: string): Promise<void> {
  for (const entry of await readdir(folder))
    if (readMadeName(entry)?.token === token) await rm(join(folder, entry), { force: true })
}

/** Removes what was made by the packing process of an owner that had left before. */
async function removeOrphans(entries: readonly string[], folder: string): Promise<void> {
  const owners = new Set(ownersOf(entries).map(({ token }) => token))
  for (const entry of entries) {
    const owner = readMadeName(entry)
    if (owner && isNear(owner) && !owners.has(owner.token)) await rm(join(folder, entry), { force: true })
  }
}

/** Whether a file whose owner has no lock is abandoned: a living owner would have completed it by now. */
async function isAbandoned(entry: string, { folder, longestAgeMs }: TakeOver): Promise<boolean> {
  const found = await stat(join(folder, entry)).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > longestAgeMs + MARGIN_MS
}

async function take(entry: string, name: string, { folder, owner, logger }: TakeOver): Promise<TakenFile[]> {
  const path = join(folder, owner.partName(name))
  try {
    await rename(join(folder, entry), path)
    const cut = await cutTornRecord(path)
    const message = `completing the archive file ${entry} of a process that is gone`
    logger.info({ file: entry, cut }, message)
    return [{ path, name }]
  } catch (error) {
    // Another process that starts at the same time was first.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    logger.warn({ file: entry }, `cannot complete the archive file ${entry}: ${messageOf(error)}`)
    return []
  }
}

/** Cuts off what stands behind the last whole record and returns the number of bytes that were cut. */
async function cutTornRecord(path: string): Promise<number> {
  const end = await wholeBytes(path)
  const handle = await open(path, 'r+')
  try {
    const { size } = await handle.stat()
    if (end < size) {
      await handle.truncate(end)
      await handle.sync()
    }
    return size - end
  } finally {
    await handle.close()
  }
}
