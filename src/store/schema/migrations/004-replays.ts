import type { ColumnTypes } from '../column-types.ts'

/** Keeps what is known of a replay until it has ended: docs/architecture/store.md. */
export function addReplays(type: ColumnTypes): string[] {
  return [
    `create table if not exists replay (
       id ${type.int} not null primary key,
       name ${type.name},
       owner ${type.name},
       started_at ${type.int},
       given ${type.text},
       files ${type.text}
     )${type.tableOptions}`,
    ...type.addColumns('stream', { is_quiet: type.int }),
  ]
}
