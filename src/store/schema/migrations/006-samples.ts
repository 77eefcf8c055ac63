import type { ColumnTypes } from '../column-types.ts'

/** Creates the table of the page's samples, and that of the processes that were heard of. */
export function createSamples(type: ColumnTypes): string[] {
  return [
    `create table if not exists sample (
       ring ${type.int} not null,
       slot ${type.int} not null,
       at ${type.int} not null,
       figures ${type.text} not null,
       primary key (ring, slot)
     )${type.clusteredOptions}`,
    `create table if not exists contact (
       name ${type.name} not null primary key,
       role ${type.name} not null,
       started_at ${type.int} not null,
       heard_at ${type.int} not null
     )${type.clusteredOptions}`,
  ]
}
