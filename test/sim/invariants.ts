import { type RawBuilder, sql } from 'kysely'
import type { OpenDatabase } from '../../src/store/dialect.ts'

/** What handlers made, and of which streams. */
const RESULTS = sql`select cast(substr(message_id, 6) as integer) as stream_id,
  json_extract(traits, '$.count') as count from event where message_id like 'made-%'`

/** What no state of the database may ever show, each with the query that counts it. */
const NEVER: { readonly [what: string]: (now: number) => RawBuilder<unknown> } = {
  'an event is not in exactly one stream': () =>
    sql`select count(*) from event where
       (select count(*) from stream_event where event_id = event.id) <> 1`,
  'a stream counts other events than it has': () =>
    sql`select count(*) from stream where
       event_count <> (select count(*) from stream_event where stream_id = stream.id)`,
  'two open streams have one key': (now) =>
    sql`select count(*) from (select key_hash from stream where state = 1 and expire_timestamp > ${now}
       group by key_hash having count(*) > 1)`,
  'a completed stream has no result, or one that missed events': () =>
    sql`select count(*) from stream left join (${RESULTS}) as made on made.stream_id = stream.id
       where name = 'main' and state = 6 and made.count is not event_count`,
  'there is a result of a stream that is not completed': () =>
    sql`select count(*) from (${RESULTS}) as made left join stream on stream.id = made.stream_id
       where stream.state is not 6`,
  'a stream is ready without the event that makes it so, or has it and is not': () =>
    sql`select count(*) from stream where name = 'main' and (fire_timestamp is not null) <> exists (
       select 1 from stream_event join event on event.id = event_id
         join event_type on event_type.id = event_type_id
         where stream_id = stream.id and \`desc\` = 'x.end')`,
}

/** Completed streams and the number of their last change. */
export type Completed = Map<number, number>

/** Names what is wrong with the database; undefined when nothing is. `completed` is kept from one call to the next. */
export async function brokenInvariant(
  { db }: OpenDatabase,
  completed: Completed,
): Promise<string | undefined> {
  const done = await sql<{ id: number; serial: number }>`
    select id, state_serial_no as serial from stream where state = 6`.execute(db)
  for (const { id, serial } of done.rows) {
    if ((completed.get(id) ?? serial) !== serial) return 'a stream was finished twice'
    completed.set(id, serial)
  }
  if (done.rows.length < completed.size) return 'a completed stream is not completed any more'
  const now = Date.now() * 1000
  const columns = Object.values(NEVER).map((query, index) => sql`(${query(now)}) as ${sql.ref(`c${index}`)}`)
  const { rows } = await sql<{ [column: string]: number }>`select ${sql.join(columns)}`.execute(db)
  const [row] = rows
  return Object.keys(NEVER).find((_, index) => row?.[`c${index}`] !== 0)
}
