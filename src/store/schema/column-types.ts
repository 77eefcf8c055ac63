/** Columns by the names of their indexes. */
export type Indexes = { readonly [name: string]: string }

/** What the two kinds of database write differently when tables are made. */
export type ColumnTypes = {
  /** a primary key that counts up and is never used again */
  readonly id: string
  readonly int: string
  readonly hash8: string
  readonly hash16: string
  /** up to 255 characters, compared as bytes */
  readonly name: string
  readonly text: string
  readonly bytes: string
  /** what ends a CREATE TABLE */
  readonly tableOptions: string
  /** the same for a table that is stored in the order of its primary key */
  readonly clusteredOptions: string
  /** Other columns for indexes that are there; it may be repeated, wherever it was broken off. */
  readonly replaceIndexes: (table: string, indexes: Indexes) => string[]
}
