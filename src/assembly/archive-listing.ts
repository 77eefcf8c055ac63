import { relative } from 'node:path'
import { findFiles } from '../archive/reader/find-files.ts'
import { quickFacts } from '../archive/reader/listed-file.ts'
import type { Config } from '../config/load/config.ts'
import { ConflictError, NotFoundError } from '../domain/errors.ts'

/** A page of the list of archive files: those behind `after`, in the order of their names. */
export type ArchivePage = { readonly limit: number; readonly after: string | undefined }

/**
 * Lists the complete files of a configuration's archives, with the queues whose notifications they hold; names are
 * relative to the folder of their archive. Rejects with ConflictError where the configuration has no archive.
 */
export async function listArchives(config: Config, { limit, after = '' }: ArchivePage): Promise<object[]> {
  const rows: object[] = []
  for (const { path, name, queues } of await archiveFiles(config)) {
    if (name <= after) continue
    if (rows.length === limit) break
    const facts = await quickFacts(path)
    if (facts) rows.push({ ...facts, file: name, queues })
  }
  return rows
}

type ArchiveFile = { readonly path: string; readonly name: string; readonly queues: readonly string[] }

/** Returns the files of all archives in the order of their names; of equal names of two folders both. */
async function archiveFiles({ yagi }: Config): Promise<readonly ArchiveFile[]> {
  const archived = (yagi?.queues ?? []).flatMap(({ queue, archive }) => (archive ? [{ queue, archive }] : []))
  if (archived.length === 0)
    throw new ConflictError(
      yagi
        ? 'no queue of the configuration has an archive'
        : 'the API runs by a winchester.yaml, which names no archive; expected a yagi.conf in -c',
    )
  const folders = Map.groupBy(archived, ({ archive }) => archive.destinationFolder)
  const files: ArchiveFile[] = []
  for (const [folder, of] of folders) {
    const queues = of.map(({ queue }) => queue)
    for (const path of await filesIn(folder)) files.push({ path, name: relative(folder, path), queues })
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return await findFiles([folder])
  } catch (error) {
    // Before the first file is complete the folder may be empty or missing.
    if (error instanceof NotFoundError) return []
    throw error
  }
}
