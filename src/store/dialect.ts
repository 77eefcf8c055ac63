import type { Kysely, RawBuilder } from 'kysely'
import type { ColumnTypes } from './schema/column-types.ts'
import type { Tables } from './schema/schema.ts'

/** A value that is SQL text already. */
export class Literal {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type SqlValue = string | number | Buffer | null | Literal

/**
 * The differences between MySQL and SQLite; all other SQL is written once. The folders `mysql` and `sqlite`
 * have the same files: database (opening), dialect, errors, column types.
 */
export type SqlDialect = {
  readonly types: ColumnTypes
  /** SQL for the current time of the database's clock, µs */
  readonly machineNow: string
  /** whether a running query can be cancelled from another connection */
  readonly canCancel: boolean
  /** statements that begin a transaction whose reads all see the database as it is at this moment */
  readonly beginSnapshot: readonly string[]
  /** whether all transactions share one connection, one after another, and nothing is read meanwhile */
  readonly hasOneConnection: boolean
  /** `for update`; empty where rows cannot be locked */
  readonly forUpdate: string
  /** `lock in share mode`; empty where rows cannot be locked */
  readonly forShare: string
  /** `for update skip locked`; empty where rows cannot be locked */
  readonly skipLocked: string
  /** most parameters of one statement */
  readonly maxParameters: number
  /** most bytes of the values of one statement */
  readonly maxStatementBytes: number
  /** distance between the ids of one insert; a transaction reads its own with `idStepNow` */
  readonly idStep: number
  /** SQL for the distance between ids at this moment */
  readonly idStepNow: string
  /** Returns a value as SQL text; absent where parameters are faster. */
  readonly literal?: (value: SqlValue) => string
  /** Encodes a text ahead of the statement that will carry it. */
  ready(text: string): SqlValue
  /** Returns the bytes of hex digits as a value. */
  bytes(hex: string): SqlValue
  /** Returns SQL for whether a column matches a glob, in which `*` stands for any characters and `?` for one. */
  matchesGlob(column: RawBuilder<unknown>, glob: string): RawBuilder<boolean>
  /** Returns the first id of an insert of `rows` rows, from the insert id that the driver reports. */
  firstId(insertId: bigint, rows: number): number
  /**
   * Returns the end of an insert that changes the `update` columns of rows whose key exists already to the
   * new values, and adds the new values to the `add` columns. Without such columns existing rows stay unchanged.
   */
  onExistingKey(keys: readonly string[], update: readonly string[], add?: readonly string[]): string
  /** Whether another transaction held a lock or inserted a key first; this one may then be repeated. */
  isContention(error: unknown): boolean
  /** Whether an error comes from the server or the connection to it, not from this program. */
  isServerError(error: unknown): boolean
  /** Whether the server blames the values. After any other server error the same rows may succeed later. */
  isDataFault(error: unknown): boolean
}

/** An open database and its dialect. */
export type OpenDatabase = { readonly db: Kysely<Tables>; readonly dialect: SqlDialect }
