import type { ColumnTypes } from '../schema/column-types.ts'

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
  addColumns: (table, columns) =>
    Object.entries(columns).flatMap(([name, type]) =>
      unlessThere(
        `select count(*) from information_schema.columns where table_schema = database()
         and table_name = '${table}' and column_name = '${name}'`,
        `alter table ${table} add column ${name} ${type}`,
      ),
    ),
  createIndex: (name, table, columns) =>
    unlessThere(
      `select count(*) from information_schema.statistics where table_schema = database()
         and table_name = '${table}' and index_name = '${name}'`,
      `create index ${name} on ${table} (${columns})`,
    ),
  replaceIndexes(table, indexes) {
    const changes = Object.entries(indexes).map(
      ([name, columns]) => `drop index ${name}, add index ${name} (${columns})`,
    )
    return [`alter table ${table} ${changes.join(', ')}`]
  },
}

/** Returns statements that run another one where a count is 0: only MariaDB has IF NOT EXISTS for columns and indexes. */
function unlessThere(count: string, statement: string): string[] {
  return [
    `set @change = if((${count}) = 0, '${statement}', 'do 0')`,
    'prepare apply_change from @change',
    'execute apply_change',
    'deallocate prepare apply_change',
  ]
}
