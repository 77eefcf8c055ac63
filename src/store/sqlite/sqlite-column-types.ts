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
  // A migration that is broken off leaves nothing.
  addColumns: (table, columns) =>
    Object.entries(columns).map(([name, type]) => `alter table ${table} add column ${name} ${type}`),
  createIndex: (name, table, columns) => [`create index if not exists ${name} on ${table} (${columns})`],
  replaceIndexes: (table, indexes) =>
    Object.entries(indexes).flatMap(([name, columns]) => [
      `drop index if exists ${name}`,
      `create index ${name} on ${table} (${columns})`,
    ]),
}
