import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Digest } from '../objects/target.ts'
import { openJournal, openJournalToRead } from '../runtime/open-journal.ts'

/**
 * How far a file is with one log set. `verified`: the store has it. `differs`: the store has something else under its name.
 * `failed`: it is tried again. `deleted`: it was verified and is gone from here.
 */
export type EntryState = 'verified' | 'differs' | 'failed' | 'deleted'

/** What is known of one file under one target of one log set. */
export type Entry = {
  readonly set: string
  readonly path: Buffer
  readonly target: string
  readonly key: string
  readonly identity: string
  readonly size: number
  /** empty where the content was never read */
  readonly sha256: string
  readonly md5: string
  /** the digest of the object, where it is packed or encrypted; undefined where it is that of the file */
  readonly object?: Digest | undefined
  /** the form of the object, such as `gzip`; empty where it is as the file */
  readonly form?: string
  readonly revision: string
  readonly state: EntryState
  /** how often it was tried in this state */
  readonly tries: number
  readonly error: string
  /** in milliseconds since the epoch */
  readonly at: number
}

/** A file that is moved aside to be deleted. */
export type Leaving = { readonly path: Buffer; readonly aside: Buffer }

/** Version of the tables. */
const VERSION = 2
const TIMEOUT_MS = 30_000

const SCHEMA = `
create table if not exists entry (
  set_name text not null, path blob not null, target text not null, key text not null,
  identity text not null, size integer not null, sha256 text not null, md5 text not null, revision text not null,
  state text not null, tries integer not null, error text not null, at integer not null,
  form text not null default '', object_size integer, object_sha256 text, object_md5 text,
  primary key (set_name, path, target, key)
) without rowid;
create table if not exists leaving (path blob primary key, aside blob not null) without rowid;
`

/** What the first version lacked. */
const SECOND = `
alter table entry add column form text not null default '';
alter table entry add column object_size integer;
alter table entry add column object_sha256 text;
alter table entry add column object_md5 text;
`

const COLUMNS =
  'set_name as "set", path, target, key, identity, size, sha256, md5, revision, state, tries, error, at, form, object_size, object_sha256, object_md5'

/**
 * The journal of an agent: a SQLite file, readable by its owner only. `leave` returns when it, and all that was written before, is on
 * disk. What else a crash of the machine takes back was not relied upon: the store is asked once more.
 */
export class Journal {
  readonly #database: DatabaseSync
  readonly #find: StatementSync
  readonly #save: StatementSync
  readonly #leave: StatementSync
  readonly #left: StatementSync

  /** Opens a journal and makes a missing one. Throws when it is none, or of a later version. */
  static open(path: string): Journal {
    const database = openJournal(path, {
      version: VERSION,
      timeoutMs: TIMEOUT_MS,
      prepare(one, found) {
        one.exec('pragma journal_mode = wal; pragma synchronous = normal')
        if (found === 1) one.exec(`begin immediate;${SECOND}pragma user_version = ${VERSION};commit`)
        one.exec(SCHEMA)
      },
    })
    return new Journal(database)
  }

  /** Opens a journal that is there, only to read it. Throws when it is none, or not of this version: an agent may be using it. */
  static openToRead(path: string): Journal {
    const agent = 'stv3 ship of this version brings it up to date when it starts'
    return new Journal(openJournalToRead(path, { version: VERSION, timeoutMs: TIMEOUT_MS, agent }))
  }

  private constructor(database: DatabaseSync) {
    this.#database = database
    this.#find = database.prepare(
      `select ${COLUMNS} from entry where set_name = ? and path = ? and target = ? and key = ?`,
    )
    this.#save = database.prepare(`insert or replace into entry values (${Array(17).fill('?').join(', ')})`)
    this.#leave = database.prepare('insert or replace into leaving values (?, ?)')
    this.#left = database.prepare('delete from leaving where path = ?')
  }

  find(set: string, path: Buffer, target: string, key: string): Entry | undefined {
    const row = this.#find.get(set, path, target, key)
    return row && entryOf(row)
  }

  save(entry: Entry): void {
    const { set, path, target, key, identity, size, sha256, md5, revision, state, tries, error, at } = entry
    const { form = '', object } = entry
    this.#save.run(
      ...[set, path, target, key, identity, size, sha256, md5, revision, state, tries, error, at, form],
      ...[object?.size ?? null, object?.sha256 ?? null, object?.md5 ?? null],
    )
  }

  /** Records that a file is about to be moved aside, on disk. */
  leave({ path, aside }: Leaving): void {
    this.#database.exec('pragma synchronous = full')
    try {
      this.#leave.run(path, aside)
    } finally {
      this.#database.exec('pragma synchronous = normal')
    }
  }

  /** Records that a file is no longer aside, and that it is deleted for these entries. */
  left(path: Buffer, deleted: readonly Entry[] = []): void {
    this.#database.exec('begin immediate')
    try {
      this.#left.run(path)
      for (const entry of deleted) this.save({ ...entry, state: 'deleted' })
      this.#database.exec('commit')
    } catch (error) {
      this.#database.exec('rollback')
      throw error
    }
  }

  /** Records that a file was deleted when the agent ended: its entries say so, and it is no longer aside. */
  gone(path: Buffer): void {
    this.#database
      .prepare("update entry set state = 'deleted' where path = ? and state = 'verified'")
      .run(path)
    this.#left.run(path)
  }

  /** Returns the files that were moved aside when the agent ended. */
  leaving(): Leaving[] {
    return this.#database
      .prepare('select path, aside from leaving')
      .all()
      .map(({ path, aside }) => ({ path: bytesOf(path), aside: bytesOf(aside) }))
  }

  /** Yields the entries of objects that the store should have, in order of target and key. */
  *stored(): Generator<Entry> {
    const rows = this.#database
      .prepare(`select ${COLUMNS} from entry where state in ('verified', 'deleted') order by target, key`)
      .iterate()
    for (const row of rows) yield entryOf(row)
  }

  close(): void {
    this.#database.close()
  }
}

function entryOf({
  object_size: size,
  object_sha256: sha256,
  object_md5: md5,
  ...row
}: {
  readonly [column: string]: unknown
}): Entry {
  const object = sha256 === null || sha256 === undefined ? {} : { object: { size, sha256, md5 } }
  return { ...row, ...object, path: bytesOf(row.path) } as Entry
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(value as Uint8Array)
}
