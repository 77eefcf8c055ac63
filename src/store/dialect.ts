import type { Kysely } from 'kysely'
import type { ColumnTypes } from './migrations/column-types.ts'
import type { Tables } from './schema.ts'

/** Where the two kinds of database differ; everything else is written once. */
export type SqlDialect = {
  readonly types: ColumnTypes
  /** SQL for the database's own clock, in microseconds */
  readonly machineNow: string
  /** ` for update`, where rows can be locked */
  readonly forUpdate: string
  /** ` for update skip locked`, where rows can be locked */
  readonly skipLocked: string
  /** the most values that one statement may carry */
  readonly maxParameters: number
  /** the most bytes of values that one statement may carry */
  readonly maxStatementBytes: number
  /** the distance between the ids of one insert */
  readonly idStep: number
  /** The first id of an insert of so many rows, from the id that the driver tells. */
  firstId(insertId: bigint, rows: number): number
  /** How an insert ends whose rows, where their key exists, set these columns to the new values instead. */
  onExistingKey(keys: readonly string[], update: readonly string[]): string
  /** A lock that another transaction holds, or a key that it inserted first: rolled back, it may be repeated. */
  isContention(error: unknown): boolean
  /** The database is away, starting or stopping, or its disk is full. */
  isUnavailable(error: unknown): boolean
}

/** A database that is connected to, and how it is spoken to. */
export type OpenDatabase = { readonly db: Kysely<Tables>; readonly dialect: SqlDialect }
