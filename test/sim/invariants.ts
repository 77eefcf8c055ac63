import { type RawBuilder, sql } from 'kysely'
import type { OpenDatabase } from '../../src/store/dialect.ts'

/** What handlers made, of which streams, and the ids of the events they saw, in order. */
const RESULTS = sql`select cast(substr(message_id, 6) as integer) as stream_id,
  json_extract(traits, '$.seen') as seen from event where message_id like 'made-%'`

type Query = (now: number) => RawBuilder<unknown>

/** What no state of the database may ever show, each with the query that counts it. */
const NEVER: { readonly [what: string]: Query } = {
  'an event is in two streams': () =>
    sql`select count(*) from (select event_id from stream_event group by event_id having count(*) > 1)`,
  'a stream counts other events than it has': () =>
    sql`select count(*) from stream where
       event_count <> (select count(*) from stream_event where stream_id = stream.id)`,
  'two open streams have one key': (now) =>
    sql`select count(*) from (select key_hash from stream where state = 1 and expire_timestamp > ${now}
       group by key_hash having count(*) > 1)`,
  'a completed stream has no result, or one that missed events': () =>
    sql`select count(*) from stream left join (${RESULTS}) as made on made.stream_id = stream.id
       where name = 'main' and state = 6 and made.seen is not (
         select group_concat(message_id, ' ') from (select message_id from stream_event
           join event on event.id = event_id where stream_id = stream.id order by generated, event.id))`,
  'there is a result of a stream that is not completed': () =>
    sql`select count(*) from (${RESULTS}) as made join stream on stream.id = made.stream_id
       where stream.state <> 6`,
  'a stream is ready without the event that makes it so, or has it and is not': () =>
    sql`select count(*) from stream where name = 'main' and (fire_timestamp is not null) <> exists (
       select 1 from stream_event join event on event.id = event_id
         join event_type on event_type.id = event_type_id
         where stream_id = stream.id and \`desc\` = 'x.end')`,
}

/** Where completed streams are kept. */
const NEVER_WHERE_KEPT: { readonly [what: string]: Query } = {
  ...NEVER,
  'an event is in no stream': () =>
    sql`select count(*) from event where id not in (select event_id from stream_event)`,
  'there is a result of a stream that is not there': () =>
    sql`select count(*) from (${RESULTS}) as made where stream_id not in (select id from stream)`,
}

export async function streamsWithResult({ db }: OpenDatabase): Promise<number[]> {
  const { rows } = await sql<{ stream_id: number }>`${RESULTS}`.execute(db)
  return rows.map(({ stream_id }) => stream_id)
}

/** Messages that became an event and are not counted by just one result, nor in a stream that failed. */
export async function countedAmiss({ db }: OpenDatabase): Promise<string[]> {
  const results = await sql<{ seen: string }>`${RESULTS}`.execute(db)
  const failed = await sql<{ message_id: string }>`select message_id from stream
    join stream_event on stream_id = stream.id join event on event.id = event_id
    where name = 'main' and state in (4, 5)`.execute(db)
  const stored = await sql<{ message_id: string }>`
    select message_id from event where message_id not like 'made-%'`.execute(db)
  const counted = [
    ...results.rows.flatMap(({ seen }) => seen.split(' ')),
    ...failed.rows.map(({ message_id }) => message_id),
  ]
  const isOnce = new Set(counted.filter((id) => counted.indexOf(id) === counted.lastIndexOf(id)))
  const ids = new Set([...counted, ...stored.rows.map(({ message_id }) => message_id)])
  return [...ids].filter((id) => !isOnce.has(id))
}

/** Completed streams and the number of their last change. */
export type Completed = Map<number, number>

/**
 * Names what is wrong with the database; undefined when nothing is. `completed` is kept from one call to the next; with
 * `purges` completed streams are deleted.
 */
export async function brokenInvariant(
  { db }: OpenDatabase,
  completed: Completed,
  purges: boolean,
): Promise<string | undefined> {
  const never = purges ? NEVER : NEVER_WHERE_KEPT
  const done = await sql<{ id: number; serial: number }>`
    select id, state_serial_no as serial from stream where state = 6`.execute(db)
  for (const { id, serial } of done.rows) {
    if ((completed.get(id) ?? serial) !== serial) return 'a stream was finished twice'
    completed.set(id, serial)
  }
  if (done.rows.length < completed.size) return 'a completed stream is not completed any more'
  const now = Date.now() * 1000
  const columns = Object.values(never).map((query, index) => sql`(${query(now)}) as ${sql.ref(`c${index}`)}`)
  const { rows } = await sql<{ [column: string]: number }>`select ${sql.join(columns)}`.execute(db)
  const [row] = rows
  return Object.keys(never).find((_, index) => row?.[`c${index}`] !== 0)
}
