import { createConnection } from 'mysql2/promise'
import { createTestDatabase } from './databases.ts'

/** The schema of StackTach.v3 at the revision 44289d1492e6, its last: tables, keys and indexes as Alembic made them. */
const TIME = 'decimal(20, 6)'
const SCHEMA = [
  'create table alembic_version (version_num varchar(32) not null)',
  "insert into alembic_version values ('44289d1492e6')",
  'create table event_type (id integer not null auto_increment, `desc` varchar(255), primary key (id), unique (`desc`))',
  `create table event (id integer not null auto_increment, message_id varchar(50), \`generated\` ${TIME},
     event_type_id integer, primary key (id), foreign key (event_type_id) references event_type (id), unique (message_id))`,
  `create table trait (event_id integer not null, name varchar(100) not null, type integer, t_string varchar(255),
     t_float float, t_int integer, t_datetime ${TIME}, primary key (event_id, name),
     foreign key (event_id) references event (id))`,
  `create table stream (id integer not null auto_increment, first_event ${TIME} not null, last_event ${TIME} not null,
     expire_timestamp ${TIME}, fire_timestamp ${TIME}, name varchar(255) not null, state integer not null,
     state_serial_no integer not null, primary key (id))`,
  `create table dist_trait (stream_id integer not null, name varchar(100) not null, type integer, dt_string varchar(255),
     dt_float float, dt_int integer, dt_datetime ${TIME}, dt_timerange_begin ${TIME}, dt_timerange_end ${TIME},
     primary key (stream_id, name), foreign key (stream_id) references stream (id))`,
  `create table streamevent (stream_id integer not null, event_id integer not null, primary key (stream_id, event_id),
     foreign key (event_id) references event (id), foreign key (stream_id) references stream (id))`,
  ...['generated', 'message_id'].map((column) => `create index ix_event_${column} on event (\`${column}\`)`),
  'create index ix_event_type_id on event (event_type_id)',
  ...['datetime', 'float', 'int', 'string'].map(
    (type) => `create index ix_trait_t_${type} on trait (t_${type})`,
  ),
  ...['expire_timestamp', 'fire_timestamp', 'name', 'state'].map(
    (column) => `create index ix_stream_${column} on stream (${column})`,
  ),
]

/** A value of a trait: its number of a type, and the column of that type. */
export type Given =
  | string
  | number
  | null
  | { readonly float: number }
  | { readonly at: string }
  | { readonly range: readonly [string, string] }

export type GivenEvent = {
  readonly message_id: string | null
  readonly at: string | null
  readonly type: string | null
  readonly traits?: { readonly [name: string]: Given }
}

export type GivenStream = {
  readonly name: string
  readonly state: number
  readonly traits: { readonly [name: string]: Given }
  readonly events: readonly number[]
  readonly expire?: string
}

/** Creates a database of StackTach.v3 on the test's server and fills it; ids count from 1. Returns its URL. */
export async function createWinchester(
  events: readonly GivenEvent[],
  streams: readonly GivenStream[],
): Promise<string> {
  const url = await createTestDatabase()
  const connection = await createConnection(url)
  try {
    for (const statement of SCHEMA) await connection.query(statement)
    const types = [...new Set(events.flatMap(({ type }) => (type === null ? [] : [type])))]
    const insert = async (table: string, rows: readonly (readonly unknown[])[]) => {
      for (let at = 0; at < rows.length; at += 1000)
        await connection.query(`insert into ${table} values ?`, [rows.slice(at, at + 1000)])
    }
    await insert(
      'event_type',
      types.map((type, index) => [index + 1, type]),
    )
    await insert(
      'event',
      events.map(({ message_id, at, type }, index) => [
        index + 1,
        message_id,
        at,
        type === null ? null : types.indexOf(type) + 1,
      ]),
    )
    await insert(
      'trait',
      events.flatMap(({ traits = {} }, index) =>
        Object.entries(traits).map(([name, value]) => [index + 1, name, ...columnsOf(value).slice(0, 5)]),
      ),
    )
    await insert(
      'stream',
      streams.map(({ name, state, events: ids, expire = null }, index) => {
        const times = ids.map((id) => events[id - 1]?.at ?? '0').sort()
        return [index + 1, times[0], times.at(-1), expire, null, name, state, 7]
      }),
    )
    await insert(
      'dist_trait',
      streams.flatMap(({ traits }, index) =>
        Object.entries(traits).map(([name, value]) => [index + 1, name, ...columnsOf(value)]),
      ),
    )
    await insert(
      'streamevent',
      streams.flatMap(({ events: ids }, index) => ids.map((id) => [index + 1, id])),
    )
  } finally {
    await connection.end()
  }
  return url
}

/** Returns type, text, float, int, datetime and both ends of a time range. */
function columnsOf(value: Given): readonly unknown[] {
  if (value === null) return [0, null, null, null, null, null, null]
  if (typeof value === 'string') return [1, value, null, null, null, null, null]
  if (typeof value === 'number') return [2, null, null, value, null, null, null]
  if ('float' in value) return [3, null, value.float, null, null, null, null]
  if ('at' in value) return [4, null, null, null, value.at, null, null]
  return [5, null, null, null, null, ...value.range]
}
