import { writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf, StackTachError } from '../domain/errors.ts'
import { makeFolder } from './make-folder.ts'

export type JournalForm = {
  /** version of its tables */
  readonly version: number
  /** longest wait for another process that writes to it, ms */
  readonly timeoutMs: number
  /** Makes the tables from those of the version that is there; 0 for a new journal. */
  readonly prepare: (database: DatabaseSync, found: number) => void
}

/**
 * Opens a journal, a SQLite file that its owner only can read, and makes a missing one. Throws StackTachError when it is none, or
 * of a later version.
 */
export function openJournal(path: string, { version, timeoutMs, prepare }: JournalForm): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    if (path !== ':memory:') {
      makeFolder(dirname(path))
      // SQLite gives its further files the mode of this one.
      writeFileSync(path, '', { flag: 'a', mode: 0o600 })
    }
    database = new DatabaseSync(path, { timeout: timeoutMs })
    const found = requireVersion(database, path, version)
    prepare(database, found)
    if (found !== version) database.exec(`pragma user_version = ${version}`)
    return database
  } catch (error) {
    database?.close()
    if (error instanceof StackTachError) throw error
    throw new StackTachError('io', `cannot use the journal ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/** Returns the version of a journal; 0 for one that is new. Throws for a later one than this program knows. */
export function requireVersion(database: DatabaseSync, path: string, known: number): number {
  const { user_version: version } = database.prepare('pragma user_version').get() as { user_version: number }
  if (version > known)
    throw new StackTachError(
      'config',
      `the journal ${path} is of a later version of stv3 (${version}); use that one`,
    )
  return version
}
