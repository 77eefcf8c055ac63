import { hash128 } from '../domain/hash.ts'
import type { TextPattern } from '../domain/text-pattern.ts'
import { wellFormed } from '../text/well-formed.ts'
import type { SqlDialect } from './dialect.ts'
import { upsertRows } from './insert-rows.ts'
import { matchesPattern } from './queries/matches-pattern.ts'
import { hexBytes } from './rows.ts'
import type { Executor } from './schema/schema.ts'
import { inTransaction } from './transaction.ts'

/**
 * Maps event types to their ids. Types are few and never change; committed ones are cached. A type with
 * unpaired surrogates counts as its well-formed text.
 */
export class EventTypes {
  readonly #db: Executor
  readonly #dialect: SqlDialect
  readonly #ids = new Map<string, number>()
  readonly #types = new Map<number, string>()

  constructor(db: Executor, dialect: SqlDialect) {
    this.#db = db
    this.#dialect = dialect
  }

  /** Gives every type an id, in transactions of its own: no batch holds a lock on the table `event_type`. */
  async ensure(types: Iterable<string>): Promise<void> {
    const unknown = new Set<string>()
    for (const type of types) {
      const desc = wellFormed(type)
      if (!this.#ids.has(desc)) unknown.add(desc)
    }
    if (unknown.size === 0) return
    await this.#load([...unknown])
    const created = [...unknown].filter((type) => !this.#ids.has(type))
    if (created.length > 0) await this.#create(created)
  }

  /** Returns the id of a type that was given one by `ensure`; throws for any other. */
  idOf(type: string): number {
    const id = this.#ids.get(wellFormed(type))
    if (id === undefined) throw new Error(`event type ${type} has no id yet`)
    return id
  }

  /** Returns the id of a type, or undefined when no event has the type. */
  async find(type: string): Promise<number | undefined> {
    const desc = wellFormed(type)
    if (!this.#ids.has(desc)) await this.#load([desc])
    return this.#ids.get(desc)
  }

  /** Returns the ids of the types that a pattern selects. Reads all types, which are few. */
  async matching(pattern: TextPattern): Promise<number[]> {
    const rows = await select(this.#db)
      .where(matchesPattern(this.#dialect, 'desc', pattern))
      .execute()
    this.#remember(rows)
    return rows.map(({ id }) => id)
  }

  /**
   * Returns the types of at least these ids, by id. Rows of events are read without a join: a server that
   * begins with the few types would go through all events of them. `db` is the transaction that read the ids,
   * if any: an embedded database has no second connection.
   */
  async typesOf(db: Executor, ids: Iterable<number>): Promise<ReadonlyMap<number, string>> {
    const unknown = [...new Set(ids)].filter((id) => !this.#types.has(id))
    if (unknown.length > 0) this.#remember(await select(db).where('id', 'in', unknown).execute())
    return this.#types
  }

  async #load(types: readonly string[]): Promise<void> {
    this.#remember(await select(this.#db).where('desc_hash', 'in', types.map(hashOf)).execute())
  }

  #remember(rows: readonly { readonly id: number; readonly desc: string }[]): void {
    for (const { id, desc } of rows) {
      this.#ids.set(desc, id)
      this.#types.set(id, desc)
    }
  }

  /** Inserts types and loads their ids; another process may have inserted some of them first. */
  async #create(types: readonly string[]): Promise<void> {
    const rows = types
      .map((desc) => ({ desc, hash: hash128(desc) }))
      .sort((a, b) => (a.hash < b.hash ? -1 : 1))
      .map(({ desc, hash }) => ({ desc, desc_hash: this.#dialect.bytes(hash) }))
    await inTransaction(this.#db, this.#dialect, (tx) =>
      upsertRows(tx, this.#dialect, 'event_type', rows, ['desc_hash'], []),
    )
    await this.#load(types)
  }
}

function select(db: Executor) {
  return db.selectFrom('event_type').select(['id', 'desc'])
}

function hashOf(type: string): Buffer {
  return hexBytes(hash128(type))
}
