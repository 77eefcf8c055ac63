import { createHash, type Hash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { copyFile, type FileHandle, link, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import type { Logger } from '../runtime/logger.ts'
import { makeFolder } from '../runtime/make-folder.ts'
import { syncFile } from '../runtime/sync-file.ts'
import type { Archive, ArchiveLine } from './archive.ts'
import { CRC_PART, formatFileName } from './file-name.ts'

export type RollingArchiveOptions = {
  /** files that are being written: `NAME.PID@HOST.RANDOM.part`; of several hosts on one volume each keeps its own */
  readonly workingDirectory: string
  /** files that are complete */
  readonly destinationFolder: string
  /** see formatFileName */
  readonly filenameTemplate: string
  /** a file of this size is complete */
  readonly rollBytes: number
  /** so is one of this age; 0: age does not matter */
  readonly rollMinutes: number
  readonly logger: Logger
  /** machine time, ms since the epoch */
  readonly now?: () => number
}

type CurrentFile = {
  readonly handle: FileHandle
  readonly path: string
  readonly name: string
  readonly openedAt: number
  readonly crc: Hash | undefined
  bytes: number
}

const PART = /^(.+)\.(\d+)@(.+)\.[0-9a-f]{8}\.part$/
/** A file that nobody writes to is rolled by age too: it is looked at so often. */
const AGE_CHECK_MS = 30_000
const LINE_END = Buffer.from('\n')

/**
 * Opens the folders of an archive (readable by their owner only) and completes what a process that is gone
 * left in them: a torn last line was never acknowledged and is cut off.
 */
export async function openRollingArchive(options: RollingArchiveOptions): Promise<Archive> {
  const { workingDirectory, destinationFolder } = options
  try {
    makeFolder(workingDirectory)
    makeFolder(destinationFolder)
    await recover(options)
    await requireWritable(workingDirectory)
  } catch (error) {
    throw new StackTachError(
      'config',
      `cannot keep the archive in ${workingDirectory}: ${messageOf(error)}`,
      {
        cause: error,
      },
    )
  }
  return new RollingArchive(options)
}

class RollingArchive implements Archive {
  readonly #options: RollingArchiveOptions
  readonly #now: () => number
  #file: CurrentFile | undefined
  /** Appends of several queues wait for each other here. */
  #queue: Promise<unknown> = Promise.resolve()
  #files = 0
  /** finished files that could not be moved yet */
  #unmoved: Finished[] = []
  readonly #timer: NodeJS.Timeout

  constructor(options: RollingArchiveOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#timer = setInterval(() => void this.#inTurn(() => this.#rollIfFull()).catch(() => {}), AGE_CHECK_MS)
    this.#timer.unref()
  }

  append(lines: readonly ArchiveLine[]): Promise<void> {
    return this.#inTurn(() => this.#append(lines))
  }

  close(): Promise<void> {
    clearInterval(this.#timer)
    return this.#inTurn(() => this.#roll())
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => {})
    return turn
  }

  async #append(lines: readonly ArchiveLine[]): Promise<void> {
    if (lines.length === 0) return
    try {
      await this.#rollIfFull()
      this.#file ??= await this.#open()
      await appendDurably(this.#file, lines)
    } catch (error) {
      await this.#abandon()
      throw new TransientError(`cannot write the archive: ${messageOf(error)}`, { cause: error })
    }
  }

  async #rollIfFull(): Promise<void> {
    if (this.#file && this.#isFull(this.#file)) await this.#roll()
  }

  #isFull(file: CurrentFile): boolean {
    const { rollBytes, rollMinutes } = this.#options
    const age = this.#now() - file.openedAt
    return file.bytes >= rollBytes || (rollMinutes > 0 && age >= rollMinutes * 60_000)
  }

  async #open(): Promise<CurrentFile> {
    const { workingDirectory, filenameTemplate } = this.#options
    const openedAt = this.#now()
    // The count tells apart what is opened within one millisecond.
    const name = formatFileName(filenameTemplate, openedAt * 1000 + (this.#files++ % 1000))
    const path = join(workingDirectory, partName(name))
    const handle = await open(path, 'ax', 0o600)
    await syncFile(workingDirectory)
    const crc = filenameTemplate.includes(CRC_PART) ? createHash('sha256') : undefined
    return { handle, path, name, openedAt, crc, bytes: 0 }
  }

  async #roll(): Promise<void> {
    const file = this.#file
    if (file) {
      this.#file = undefined
      await file.handle.close()
      this.#unmoved.push({
        path: file.path,
        name: file.name.replace(CRC_PART, file.crc?.digest('hex') ?? ''),
      })
    }
    for (let finished = this.#unmoved[0]; finished; finished = this.#unmoved[0]) {
      await complete(finished, this.#options)
      this.#unmoved.shift()
    }
  }

  /** After a failure nothing is certain of the file but the lines before it: it ends there, and another begins. */
  async #abandon(): Promise<void> {
    const file = this.#file
    if (!file) return
    this.#file = undefined
    try {
      await file.handle.truncate(file.bytes)
      await file.handle.datasync()
    } catch {
      // The lines that failed stay in the file and will come again: a message may be in the archive twice.
    }
    await file.handle.close().catch(() => {})
    this.#unmoved.push({ path: file.path, name: file.name.replace(CRC_PART, file.crc?.digest('hex') ?? '') })
  }
}

type Finished = { readonly path: string; readonly name: string }

function partName(name: string): string {
  return `${name}.${process.pid}@${hostname()}.${randomBytes(4).toString('hex')}.part`
}

/** Writes the lines and waits for the disk. */
async function appendDurably(file: CurrentFile, lines: readonly ArchiveLine[]): Promise<void> {
  const data = Buffer.concat(
    lines.flatMap((line) => [typeof line === 'string' ? Buffer.from(line) : line, LINE_END]),
  )
  await file.handle.appendFile(data)
  await file.handle.datasync()
  file.bytes += data.length
  file.crc?.update(data)
}

/** Moves a finished file to the destination, never over another; an empty one is removed. */
async function complete({ path, name }: Finished, options: RollingArchiveOptions): Promise<void> {
  const { size } = await stat(path)
  if (size > 0) await place(path, join(options.destinationFolder, name))
  await unlink(path)
  await syncFile(options.destinationFolder)
  await syncFile(options.workingDirectory)
}

async function place(path: string, target: string): Promise<void> {
  try {
    await takeName(target, (name) => link(path, name))
  } catch (error) {
    if (!isLinkRefused(error)) throw error
    await copyAcross(path, target)
  }
}

/** Takes the name of the target, or the first of `.1`, `.2` … that nothing has; answers it. */
async function takeName(target: string, take: (name: string) => Promise<void>): Promise<string> {
  for (let copy = 0; ; copy++) {
    const name = copy === 0 ? target : `${target}.${copy}`
    try {
      await take(name)
      return name
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
  }
}

/** Another file system, or one without links. */
function isLinkRefused(error: unknown): boolean {
  return ['EXDEV', 'EPERM'].includes(codeOf(error) ?? '')
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

/** The copy has its name only once it is whole. */
async function copyAcross(path: string, target: string): Promise<void> {
  const copying = `${target}.${randomBytes(4).toString('hex')}.copying`
  try {
    await copyFile(path, copying)
    await syncFile(copying)
    try {
      await takeName(target, (name) => link(copying, name))
    } catch (error) {
      if (!isLinkRefused(error)) throw error
      // An empty file holds the name for it.
      const name = await takeName(target, async (free) => (await open(free, 'wx', 0o600)).close())
      await rename(copying, name)
    }
  } finally {
    await unlink(copying).catch(() => {})
  }
}

async function recover(options: RollingArchiveOptions): Promise<void> {
  for (const entry of await readdir(options.workingDirectory)) {
    const [, name, pid, host] = PART.exec(entry) ?? []
    if (name === undefined || host !== hostname() || isInUse(Number(pid))) continue
    const path = await claim(
      join(options.workingDirectory, entry),
      join(options.workingDirectory, partName(name)),
    )
    if (path === undefined) continue
    const cut = await cutTornLine(path)
    options.logger.info(
      { file: entry, cut },
      `completing the archive file ${entry} of a process that is gone`,
    )
    await complete({ path, name: name.replace(CRC_PART, 'recovered') }, options)
  }
}

/** Takes a file over, by a name of our own; undefined when another process that starts now was first. */
async function claim(path: string, own: string): Promise<string | undefined> {
  try {
    await rename(path, own)
    return own
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Our own number is that of a process before us: in containers it is often the same. */
function isInUse(pid: number): boolean {
  return pid !== process.pid && isAlive(pid)
}

/** A process that has ended and that nobody has waited for yet is not alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Cuts off what stands behind the last line end; answers how many bytes. */
async function cutTornLine(path: string): Promise<number> {
  const handle = await open(path, 'r+')
  try {
    const { size } = await handle.stat()
    const block = Buffer.alloc(65_536)
    let end = size
    while (end > 0) {
      const start = Math.max(0, end - block.length)
      const { bytesRead } = await handle.read(block, 0, end - start, start)
      const at = block.subarray(0, bytesRead).lastIndexOf(LINE_END)
      if (at >= 0) {
        end = start + at + 1
        break
      }
      end = start
    }
    if (end < size) {
      await handle.truncate(end)
      await handle.sync()
    }
    return size - end
  } finally {
    await handle.close()
  }
}

async function requireWritable(folder: string): Promise<void> {
  const probe = join(folder, `.probe.${process.pid}`)
  await (await open(probe, 'w', 0o600)).close()
  await unlink(probe)
}
