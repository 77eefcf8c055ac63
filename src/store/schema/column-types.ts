/** The columns of indexes, by index name. */
export type Indexes = { readonly [name: string]: string }

/** The parts of CREATE TABLE and CREATE INDEX that MySQL and SQLite write differently. */
export type ColumnTypes = {
  /** a primary key that counts up and whose values are never reused */
  readonly id: string
  readonly int: string
  readonly hash8: string
  readonly hash16: string
  /** up to 255 characters, compared as bytes */
  readonly name: string
  readonly text: string
  readonly bytes: string
  /** options at the end of CREATE TABLE */
  readonly tableOptions: string
  /** the same options for a table that is stored in the order of its primary key */
  readonly clusteredOptions: string
  /** Returns statements that add columns, null in existing rows; they may be repeated after any failure. */
  readonly addColumns: (table: string, columns: { readonly [name: string]: string }) => string[]
  /** Returns statements that create an index; they may be repeated after any failure. */
  readonly createIndex: (name: string, table: string, columns: string) => string[]
  /** Returns statements that give existing indexes other columns; they may be repeated after any failure. */
  readonly replaceIndexes: (table: string, indexes: Indexes) => string[]
}
