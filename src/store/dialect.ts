import type { Kysely } from 'kysely'
import type { ColumnTypes } from './schema/column-types.ts'
import type { Tables } from './schema/schema.ts'

/** A value that is a text of SQL already. */
export class Literal {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type SqlValue = string | number | Buffer | null | Literal

/**
 * The differences between the kinds of database; everything else is written once. `mysql` and `sqlite` hold the same
 * files for them: database (opening), dialect, errors, column types.
 */
export type SqlDialect = {
  readonly types: ColumnTypes
  /** SQL for the database's own clock, in microseconds */
  readonly machineNow: string
  /** a query that is under way can be ended from outside */
  readonly canCancel: boolean
  /** what begins a transaction that reads everything as it is at this moment */
  readonly beginSnapshot: readonly string[]
  /** all transactions share one connection and come one after the other; nothing can be read meanwhile */
  readonly hasOneConnection: boolean
  /** `for update`, where rows can be locked, else nothing */
  readonly forUpdate: string
  /** `for update skip locked`, where rows can be locked, else nothing */
  readonly skipLocked: string
  /** the most values that one statement may carry */
  readonly maxParameters: number
  /** the most bytes of values that one statement may carry */
  readonly maxStatementBytes: number
  /** the distance between the ids of one insert: of a transaction that asks for it, by the SQL of `idStepNow` */
  readonly idStep: number
  readonly idStepNow: string
  /** A value as a text of SQL, where that is faster than a parameter. */
  readonly literal?: (value: SqlValue) => string
  /** A text made ready for a statement that comes later. */
  ready(text: string): SqlValue
  /** The bytes that hex digits say. */
  bytes(hex: string): SqlValue
  /** The first id of an insert of so many rows, from the id that the driver tells. */
  firstId(insertId: bigint, rows: number): number
  /** How an insert ends whose rows, where their key exists, set these columns to the new values instead. */
  onExistingKey(keys: readonly string[], update: readonly string[]): string
  /** A lock that another transaction holds, or a key that it inserted first: rolled back, it may be repeated. */
  isContention(error: unknown): boolean
  /** The server said it, or the connection to it: not an error of our own. */
  isServerError(error: unknown): boolean
  /** The server blames the values. Whatever else it says is not the fault of the rows, and is waited out. */
  isDataFault(error: unknown): boolean
}

/** A database that is connected to, and how it is spoken to. */
export type OpenDatabase = { readonly db: Kysely<Tables>; readonly dialect: SqlDialect }
