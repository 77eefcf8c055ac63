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
  replaceIndexes(table, indexes) {
    const changes = Object.entries(indexes).map(
      ([name, columns]) => `drop index ${name}, add index ${name} (${columns})`,
    )
    return [`alter table ${table} ${changes.join(', ')}`]
  },
}
