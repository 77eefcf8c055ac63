import { constants } from 'node:fs'
import { access, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ArchiveSettings } from '../config/load/archive-settings.ts'
import type { Config } from '../config/load/config.ts'
import { causeOf, messageOf } from '../domain/errors.ts'
import type { ConnectionFinding } from './connection-finding.ts'

type ArchiveFile = { readonly path: string; readonly at: number; readonly bytes: number }

/** A disk with room for fewer complete files than this is a warning. */
const FEW_FILES = 10

/** Returns the archives of a configuration, each once. */
export function archivesOf({ yagi }: Pick<Config, 'yagi'>): ArchiveSettings[] {
  const all = (yagi?.queues ?? []).flatMap(({ archive }) => archive ?? [])
  return [...new Map(all.map((archive) => [archive.workingDirectory, archive])).values()]
}

/**
 * Reports the newest file of an archive, its size, whether this user may write its folders, and the free space of
 * their disks. Changes nothing.
 */
export async function checkArchive(settings: ArchiveSettings): Promise<ConnectionFinding> {
  const { workingDirectory, destinationFolder, rollBytes } = settings
  const about = { object: 'archive', name: workingDirectory } as const
  try {
    const folders = [...new Set([workingDirectory, destinationFolder])]
    const [unfinished = [], complete = []] = await Promise.all(folders.map(filesIn))
    const free = Math.min(...(await Promise.all(folders.map(freeBytes))))
    const facts = { ...factsOf(unfinished, complete), free_bytes: free }
    const disk = `${megabytes(free)} MB are free on its disk`
    const text = `${describe([...unfinished, ...complete])}; ${disk}`
    if (free >= FEW_FILES * rollBytes) return { ...about, state: 'ok', text, facts }
    const room = `that is less than ${FEW_FILES} files of roll_size_mb`
    return { ...about, state: 'warning', text, remedy: `${room}: move complete files away`, facts }
  } catch (error) {
    const text = messageOf(error)
    const remedy = 'see working_directory and destination_folder in [shoebox]'
    const cause = causeOf(error)
    const isDenied = cause instanceof Error && 'code' in cause && cause.code === 'EACCES'
    return { ...about, state: 'error', text, remedy, facts: { denied: isDenied } }
  }
}

function describe(files: readonly ArchiveFile[]): string {
  const [newest] = byTime(files).reverse()
  if (!newest) return 'holds no file yet'
  return `the newest file is ${newest.path}, written ${isoOf(newest)}`
}

function factsOf(unfinished: readonly ArchiveFile[], complete: readonly ArchiveFile[]) {
  const files = [...unfinished, ...complete]
  const [newest] = byTime(files).reverse()
  const [oldest] = byTime(unfinished)
  return {
    newest: newest?.path ?? null,
    ...(newest ? { at: isoOf(newest), bytes: newest.bytes } : {}),
    files: files.length,
    total_bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    unfinished: unfinished.length,
    oldest_unfinished: oldest ? isoOf(oldest) : null,
  }
}

function byTime(files: readonly ArchiveFile[]): ArchiveFile[] {
  return files.toSorted((a, b) => a.at - b.at)
}

function isoOf({ at }: ArchiveFile): string {
  return new Date(at).toISOString()
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1024 / 1024)
}

/** Lists the files of a folder. A missing folder has none: `stv3 consume` creates it. */
async function filesIn(folder: string): Promise<ArchiveFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw new Error(`cannot be read: ${messageOf(error)}`, { cause: error })
  })
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  const found = await Promise.all(files.map(({ name }) => fileAt(join(folder, name))))
  return found.flatMap((file) => file ?? [])
}

/** Returns undefined for a file that a consumer has moved meanwhile. */
async function fileAt(path: string): Promise<ArchiveFile | undefined> {
  try {
    const { mtimeMs, size } = await stat(path)
    return { path, at: mtimeMs, bytes: size }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Returns the free bytes on the disk of a folder, or of the one above it where it is missing. Rejects when this user may
 * not write there.
 */
async function freeBytes(folder: string): Promise<number> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const above = dirname(folder)
    if (code === 'ENOENT' && above !== folder) return freeBytes(above)
    throw new Error(`cannot be written by this user: ${messageOf(error)}`, { cause: error })
  }
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
