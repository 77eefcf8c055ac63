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

const MYSQL_OPTIONS = ' engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin row_format=dynamic'

export const MYSQL_TYPES: ColumnTypes = {
  id: 'bigint not null auto_increment primary key',
  int: 'bigint',
  hash8: 'binary(8)',
  hash16: 'binary(16)',
  name: 'varchar(255)',
  text: 'mediumtext',
  bytes: 'longblob',
  tableOptions: MYSQL_OPTIONS,
  clusteredOptions: MYSQL_OPTIONS,
  replaceIndexes(table, indexes) {
    const changes = Object.entries(indexes).map(
      ([name, columns]) => `drop index ${name}, add index ${name} (${columns})`,
    )
    return [`alter table ${table} ${changes.join(', ')}`]
  },
}

export const SQLITE_TYPES: ColumnTypes = {
  id: 'integer not null primary key autoincrement',
  int: 'integer',
  hash8: 'blob',
  hash16: 'blob',
  name: 'text',
  text: 'text',
  bytes: 'blob',
  tableOptions: ' strict',
  clusteredOptions: ' strict, without rowid',
  replaceIndexes: (table, indexes) =>
    Object.entries(indexes).flatMap(([name, columns]) => [
      `drop index if exists ${name}`,
      `create index ${name} on ${table} (${columns})`,
    ]),
}
