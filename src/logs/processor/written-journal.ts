import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { openJournal } from '../../runtime/open-journal.ts'

/** Which content of which collector: one life of one file there. */
export type StreamKey = { readonly peer: string; readonly stream: string }

/** A piece of a stream that is about to be appended to a file. */
export type Intent = StreamKey & {
  /** name of the file below the target folder */
  readonly file: Buffer
  readonly dev: bigint
  readonly ino: bigint
  /** size of the file before */
  readonly position: number
  /** place in the stream where the piece begins, and its length */
  readonly begin: number
  readonly length: number
}

/** Returns the size of a file, where it still is the same one. */
export type SizeOf = (file: Buffer, dev: bigint, ino: bigint) => number | undefined

const VERSION = 1
const SCHEMA = `
create table if not exists piece (
  peer text not null, stream text not null, file blob not null, dev text not null, ino text not null,
  position integer not null, begin integer not null, length integer not null, done integer not null, at integer not null,
  primary key (peer, stream)
) without rowid;
create index if not exists piece_at on piece (at);
`
/** Streams that are kept in memory; others are looked up. */
const MOST_KNOWN = 20_000
/** Time after which a stream that nothing was written of is forgotten, ms: no collector sends it again then. */
const KEEP_MS = 30 * 86_400_000
/** Pieces that are marked as written at a time at the latest. */
const MOST_DONE = 500

/**
 * Keeps up to where each stream is written, over any end of the process. What is about to be written is recorded first, with the
 * size of its file: after a crash the size says how much of it was.
 */
export class WrittenJournal {
  readonly #database: DatabaseSync
  readonly #save: StatementSync
  readonly #find: StatementSync
  readonly #mark: StatementSync
  readonly #known = new Map<string, number>()
  #done: Intent[] = []

  /** Opens a journal and makes a missing one. With `isSynced` a record is on disk before its piece is written. Throws StackTachError. */
  static open(path: string, isSynced: boolean, sizeOf: SizeOf): WrittenJournal {
    const database = openJournal(path, {
      version: VERSION,
      timeoutMs: 5000,
      prepare(one) {
        const synchronous = isSynced ? 'full' : 'off'
        one.exec(
          `pragma journal_mode = wal; pragma synchronous = ${synchronous}; pragma cache_size = -512;${SCHEMA}`,
        )
      },
    })
    return new WrittenJournal(database, sizeOf)
  }

  private constructor(database: DatabaseSync, sizeOf: SizeOf) {
    this.#database = database
    this.#save = database.prepare('insert or replace into piece values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)')
    this.#find = database.prepare('select begin + length as written from piece where peer = ? and stream = ?')
    this.#mark = database.prepare('update piece set done = 1 where peer = ? and stream = ? and begin = ?')
    this.#resolve(sizeOf)
    database.prepare('delete from piece where at < ?').run(Date.now() - KEEP_MS)
  }

  /** Returns the place up to which a stream is written; 0 where nothing is known of it. */
  written(key: StreamKey): number {
    const text = textOf(key)
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const row = this.#find.get(key.peer, key.stream) as { written: number } | undefined
    this.#know(text, row?.written ?? 0)
    return row?.written ?? 0
  }

  /** Records pieces that are about to be written, in their order. Throws the database's error, with nothing recorded. */
  intend(intents: readonly Intent[]): void {
    const now = Date.now()
    this.#markDoneAnd(() => {
      for (const { peer, stream, file, dev, ino, position, begin, length } of intents)
        this.#save.run(peer, stream, file, `${dev}`, `${ino}`, position, begin, length, now)
    })
  }

  /** Notes that pieces are written. */
  finish(intents: readonly Intent[]): void {
    for (const intent of intents) this.#know(textOf(intent), intent.begin + intent.length)
    this.#done.push(...intents)
    if (this.#done.length >= MOST_DONE) this.#markDoneAnd()
  }

  close(): void {
    try {
      this.#markDoneAnd()
    } catch {
      // The sizes of the files say it at the next start.
    }
    this.#database.close()
  }

  /** Marks as written what is, and does more in the same transaction. */
  #markDoneAnd(more = () => {}): void {
    this.#inTransaction(() => {
      for (const { peer, stream, begin } of this.#done) this.#mark.run(peer, stream, begin)
      more()
    })
    this.#done = []
  }

  #know(text: string, written: number): void {
    this.#known.delete(text)
    this.#known.set(text, written)
    if (this.#known.size <= MOST_KNOWN) return
    const [oldest] = this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
  }

  /** Sets how much was written of what was under way when the process ended. */
  #resolve(sizeOf: SizeOf): void {
    const rows = this.#database.prepare('select * from piece where done = 0').all()
    const cut = this.#database.prepare('update piece set length = ?, done = 1 where peer = ? and stream = ?')
    this.#inTransaction(() => {
      for (const row of rows) {
        const { peer, stream, position, length } = row as {
          peer: string
          stream: string
          position: number
          length: number
        }
        const size = sizeOf(
          Buffer.from(row.file as Uint8Array),
          BigInt(row.dev as string),
          BigInt(row.ino as string),
        )
        // Of a file that has gone nobody knows: what is sent again is written again.
        const written = size === undefined ? 0 : Math.min(length, Math.max(0, size - position))
        cut.run(written, peer, stream)
      }
    })
  }

  #inTransaction(work: () => void): void {
    this.#database.exec('begin immediate')
    try {
      work()
      this.#database.exec('commit')
    } catch (error) {
      this.#database.exec('rollback')
      throw error
    }
  }
}

function textOf({ peer, stream }: StreamKey): string {
  return `${peer}\0${stream}`
}
