import type { ColumnTypes } from '../column-types.ts'

/** Creates the tables of bulk actions, of counts by type and trigger, and of what changed with streams. */
export function createActionsAndChanges(type: ColumnTypes): string[] {
  return [
    `create table if not exists action (
       id ${type.id},
       target ${type.name} not null,
       verb ${type.name} not null,
       filter ${type.text} not null,
       token ${type.name},
       state ${type.name} not null,
       created_at ${type.int} not null,
       ended_at ${type.int},
       total ${type.int} not null,
       runner ${type.name},
       heard_at ${type.int} not null,
       error ${type.text}
     )${type.tableOptions}`,
    `create table if not exists action_result (
       action_id ${type.int} not null,
       item_id ${type.int} not null,
       outcome ${type.int} not null,
       reason ${type.text},
       primary key (action_id, item_id)
     )${type.clusteredOptions}`,
    ...type.createIndex('action_result_by_outcome', 'action_result', 'action_id, outcome, item_id'),
    `create table if not exists tally (
       hash ${type.hash16} not null primary key,
       kind ${type.name} not null,
       name ${type.name} not null,
       detail ${type.text} not null,
       amount ${type.int} not null,
       total ${type.int} not null,
       first_at ${type.int} not null,
       last_at ${type.int} not null
     )${type.clusteredOptions}`,
    `create table if not exists stream_change (
       id ${type.id},
       stream_id ${type.int} not null,
       name ${type.name} not null,
       state ${type.int} not null,
       at ${type.int} not null,
       traits ${type.text} not null,
       error ${type.text}
     )${type.tableOptions}`,
  ]
}
