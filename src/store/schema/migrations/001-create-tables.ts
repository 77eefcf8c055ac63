import type { ColumnTypes } from '../column-types.ts'

/** Creates all tables; docs/architecture/store.md says what each is for. */
export function createTables(type: ColumnTypes): string[] {
  return [
    `create table event_type (
       id ${type.id},
       \`desc\` ${type.name} not null,
       desc_hash ${type.hash16} not null unique
     )${type.tableOptions}`,

    `create table event (
       id ${type.id},
       message_hash ${type.hash16} not null unique,
       message_id ${type.name} not null,
       \`generated\` ${type.int} not null,
       event_type_id ${type.int} not null,
       traits ${type.text} not null
     )${type.tableOptions}`,
    'create index event_by_type on event (event_type_id, `generated`)',
    'create index event_by_time on event (`generated`, id)',

    `create table event_trait (
       bucket ${type.int} not null,
       hash ${type.hash8} not null,
       event_id ${type.int} not null,
       primary key (bucket, hash, event_id)
     )${type.clusteredOptions}`,
    `create table indexed_trait (
       name ${type.name} not null primary key,
       from_id ${type.int} not null
     )${type.tableOptions}`,
    `create table event_span (
       bucket ${type.int} not null primary key,
       min_generated ${type.int} not null,
       max_generated ${type.int} not null
     )${type.tableOptions}`,

    `create table stream (
       id ${type.id},
       name ${type.name} not null,
       key_hash ${type.hash16} not null,
       state ${type.int} not null,
       state_serial_no ${type.int} not null,
       event_count ${type.int} not null,
       generation ${type.int} not null,
       first_event ${type.int} not null,
       last_event ${type.int} not null,
       expire_timestamp ${type.int},
       fire_timestamp ${type.int},
       distinguishing_traits ${type.text} not null,
       progress ${type.text} not null,
       attempts ${type.int} not null,
       last_error ${type.text},
       claimed_by ${type.name},
       lease_until ${type.int}
     )${type.tableOptions}`,
    'create index stream_by_fire on stream (state, fire_timestamp)',
    'create index stream_by_expire on stream (state, expire_timestamp)',

    `create table open_stream (
       key_hash ${type.hash16} not null primary key,
       stream_id ${type.int} not null
     )${type.clusteredOptions}`,
    `create table stream_event (
       stream_id ${type.int} not null,
       event_id ${type.int} not null,
       primary key (stream_id, event_id)
     )${type.clusteredOptions}`,
    'create index stream_event_by_event on stream_event (event_id)',
    `create table stream_trait (
       bucket ${type.int} not null,
       hash ${type.hash8} not null,
       stream_id ${type.int} not null,
       primary key (bucket, hash, stream_id)
     )${type.clusteredOptions}`,

    `create table dead_letter (
       id ${type.id},
       hash ${type.hash16} not null unique,
       at ${type.int} not null,
       stage ${type.name} not null,
       reason ${type.text} not null,
       queue ${type.name},
       body ${type.bytes} not null
     )${type.tableOptions}`,
    `create table writer (
       id ${type.id},
       name ${type.name} not null,
       started_at ${type.int} not null
     )${type.tableOptions}`,
  ]
}
