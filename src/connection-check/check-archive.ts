import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArchiveSettings } from '../config/load/archive-settings.ts'
import type { ConnectionFinding } from './connection-finding.ts'

type ArchiveFile = { readonly path: string; readonly at: number; readonly bytes: number }

/** Reports the newest file of an archive. */
export async function checkArchive({
  workingDirectory,
  destinationFolder,
}: ArchiveSettings): Promise<ConnectionFinding> {
  const about = { object: 'archive', name: workingDirectory } as const
  try {
    const files = (await Promise.all([workingDirectory, destinationFolder].map(filesIn))).flat()
    const [newest] = files.sort((a, b) => b.at - a.at)
    if (!newest) return { ...about, state: 'ok', text: 'holds no file yet', facts: { newest: null } }
    const at = new Date(newest.at).toISOString()
    const text = `the newest file is ${newest.path}, written ${at}`
    return { ...about, state: 'ok', text, facts: { newest: newest.path, at, bytes: newest.bytes } }
  } catch (error) {
    const text = `cannot be read: ${(error as Error).message}`
    const remedy = 'see working_directory and destination_folder in [shoebox]'
    return { ...about, state: 'error', text, remedy }
  }
}

/** Lists the files of a folder. A missing folder has none: `stv3 consume` creates it. */
async function filesIn(folder: string): Promise<ArchiveFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  const paths = files.map(({ name }) => join(folder, name))
  return Promise.all(
    paths.map(async (path) => {
      const { mtimeMs, size } = await stat(path)
      return { path, at: mtimeMs, bytes: size }
    }),
  )
}
