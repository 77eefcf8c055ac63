import { existsSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf, NotFoundError, StackTachError } from '../domain/errors.ts'
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
    throw unusable(path, error)
  }
}

/**
 * Opens a journal that is there, only to read it. Throws when there is none, or it is not of this version: another process may be
 * using it. `agent` says who brings an older one up to date.
 */
export function openJournalToRead(
  path: string,
  { version, timeoutMs, agent }: Omit<JournalForm, 'prepare'> & { readonly agent: string },
): DatabaseSync {
  if (!existsSync(path)) throw new NotFoundError(`there is no journal ${path}: nothing was done with it yet`)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: timeoutMs, readOnly: true })
    const found = requireVersion(database, path, version)
    if (found === version) return database
    const age = found === 0 ? 'no version' : 'an earlier version'
    throw new StackTachError('config', `the journal ${path} is of ${age} of stv3 (${found}); ${agent}`)
  } catch (error) {
    database?.close()
    throw unusable(path, error)
  }
}

function unusable(path: string, error: unknown): StackTachError {
  if (error instanceof StackTachError) return error
  return new StackTachError('io', `cannot use the journal ${path}: ${messageOf(error)}`, { cause: error })
}

/** Returns the version of a journal; 0 for one that is new. Throws for a later one than this program knows. */
function requireVersion(database: DatabaseSync, path: string, known: number): number {
  const { user_version: version } = database.prepare('pragma user_version').get() as { user_version: number }
  if (version > known)
    throw new StackTachError(
      'config',
      `the journal ${path} is of a later version of stv3 (${version}); use that one`,
    )
  return version
}
