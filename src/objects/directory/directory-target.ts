import { randomUUID } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, readdir, unlink } from 'node:fs/promises'
import { InvalidError, NotFoundError } from '../../domain/errors.ts'
import { HeldFolder, partsOf } from '../../runtime/held-folder.ts'
import { readPieces } from '../../runtime/read-pieces.ts'
import { checkedContent } from '../checked-content.ts'
import { verifyContent } from '../digest.ts'
import type { Digest, ObjectTarget, Verification } from '../target.ts'

/** Folder for files that are not whole yet, in that of the target. */
const PARTIAL = Buffer.from('.stv3-partial')
/** Age after which such a file is left over from a process that has ended. */
const STALE_MS = 24 * 3_600_000
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Opens a folder as a target: each object is a file below it, readable by its owner only. A file appears whole, is synced, and
 * is never overwritten, which NFS can do too. No symbolic link below the folder is followed. Throws the system's error when
 * there is no such folder.
 */
export async function openDirectoryTarget(folder: string): Promise<ObjectTarget> {
  return new DirectoryTarget(folder, HeldFolder.open(folder))
}

class DirectoryTarget implements ObjectTarget {
  readonly name: string
  readonly #root: HeldFolder
  #partial: Promise<HeldFolder> | undefined

  constructor(folder: string, root: HeldFolder) {
    this.name = `file:${folder}`
    this.#root = root
  }

  async head(key: string): Promise<string | undefined> {
    return this.#in(key, false, async (folder, file) => {
      const stats = folder && (await statsOf(folder.at(file)))
      return stats && revisionOf(stats)
    })
  }

  async create(key: string, content: AsyncIterable<Buffer>, digest: Digest): Promise<'created' | 'exists'> {
    if ((await this.head(key)) !== undefined) return 'exists'
    const part = (await this.#partialFolder()).at(Buffer.from(randomUUID()))
    try {
      await writeWhole(part, key, content, digest)
      return await this.#in(key, true, async (folder, file) => {
        if (!(await tryLink(part, (folder as HeldFolder).at(file)))) return 'exists'
        await (folder as HeldFolder).sync()
        return 'created'
      })
    } finally {
      await unlink(part).catch(ignoreMissing)
    }
  }

  async verify(key: string, digest: Digest): Promise<Verification> {
    return this.#in(key, false, async (folder, file) => {
      const handle = folder && (await openFile(folder.at(file)))
      if (!handle) return { kind: 'missing' }
      try {
        const stats = await handle.stat({ bigint: true })
        const revision = revisionOf(stats)
        return await verifyContent(revision, readPieces(handle, Number(stats.size) + 1), digest)
      } finally {
        await handle.close()
      }
    })
  }

  async *read(key: string): AsyncGenerator<Buffer> {
    const handle = await this.#in(key, false, async (folder, file) => folder && openFile(folder.at(file)))
    if (!handle) throw new NotFoundError(`${this.name} has no object ${key}`)
    try {
      yield* readPieces(handle)
    } finally {
      await handle.close()
    }
  }

  async remove(key: string): Promise<boolean> {
    return this.#in(key, false, async (folder, file) => {
      if (!folder || !(await statsOf(folder.at(file)))) return false
      await unlink(folder.at(file))
      await folder.sync()
      return true
    })
  }

  async close(): Promise<void> {
    await this.#partial?.then(
      (folder) => folder.close(),
      () => {},
    )
    this.#root.close()
  }

  #partialFolder(): Promise<HeldFolder> {
    this.#partial ??= openPartial(this.#root)
    this.#partial.catch(() => {
      this.#partial = undefined
    })
    return this.#partial
  }

  /** Calls with the folder of a key, undefined where it is missing and not to be made, and the name in it. */
  async #in<T>(
    key: string,
    isMade: boolean,
    work: (folder: HeldFolder | undefined, name: Buffer) => Promise<T>,
  ): Promise<T> {
    const parts = partsOfKey(key)
    const name = parts.at(-1) as Buffer
    const held: HeldFolder[] = []
    try {
      let folder: HeldFolder | undefined = this.#root
      for (const part of parts.slice(0, -1)) {
        folder = isMade ? await makeChild(folder, part) : openChild(folder, part)
        if (!folder) break
        held.push(folder)
      }
      return await work(folder, name)
    } finally {
      for (const folder of held) folder.close()
    }
  }
}

function partsOfKey(key: string): Buffer[] {
  const parts = partsOf(Buffer.from(key))
  const isBad = (part: Buffer) => part.toString() === '..' || part.equals(PARTIAL) || part.includes(0)
  if (parts.length === 0 || parts.some(isBad))
    throw new InvalidError(`${JSON.stringify(key)} cannot be a file of the target`)
  return parts
}

function openChild(folder: HeldFolder, name: Buffer): HeldFolder | undefined {
  try {
    return folder.child(name)
  } catch (error) {
    ignoreMissing(error)
    return undefined
  }
}

/** Opens a folder in another, and makes it, on disk too, where it is missing. */
async function makeChild(folder: HeldFolder, name: Buffer): Promise<HeldFolder> {
  const there = openChild(folder, name)
  if (there) return there
  await mkdir(folder.at(name), { mode: 0o700 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  await folder.sync()
  return folder.child(name)
}

async function writeWhole(
  part: Buffer,
  key: string,
  content: AsyncIterable<Buffer>,
  digest: Digest,
): Promise<void> {
  const handle = await open(part, 'wx', 0o600)
  try {
    for await (const piece of checkedContent(key, content, digest)) await handle.writeFile(piece)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Gives a file a second name; returns false when there is a file of this name. */
async function tryLink(from: Buffer, to: Buffer): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

async function statsOf(path: Buffer): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    ignoreMissing(error)
    return undefined
  }
}

/** Opens a plain file; undefined when it is missing. Throws the system's error, ELOOP for a link. */
async function openFile(path: Buffer): Promise<FileHandle | undefined> {
  try {
    return await open(path, READ)
  } catch (error) {
    ignoreMissing(error)
    return undefined
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

function revisionOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino}-${size}-${mtimeNs}`
}

/** Opens the folder for files that are not whole, without those that were left over. */
async function openPartial(root: HeldFolder): Promise<HeldFolder> {
  const partial = await makeChild(root, PARTIAL)
  await removeStale(partial)
  return partial
}

async function removeStale(partial: HeldFolder): Promise<void> {
  for (const name of await readdir(partial.path, { encoding: 'buffer' })) {
    const stats = await statsOf(partial.at(name))
    if (stats && Date.now() - Number(stats.mtimeMs) > STALE_MS)
      await unlink(partial.at(name)).catch(ignoreMissing)
  }
}
