import type { ColumnTypes } from '../schema/column-types.ts'

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
