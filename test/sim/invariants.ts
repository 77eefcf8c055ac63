import { sql } from 'kysely'
import type { OpenDatabase } from '../../src/store/dialect.ts'

/** What no state of the database may ever show, each with the query that counts it. */
const NEVER: { readonly [what: string]: (now: number) => string } = {
  'an event is not in exactly one stream': () =>
    `select count(*) from event where
       (select count(*) from stream_event where event_id = event.id) <> 1`,
  'a stream counts other events than it has': () =>
    `select count(*) from stream where
       event_count <> (select count(*) from stream_event where stream_id = stream.id)`,
  'two open streams have one key': (now) =>
    `select count(*) from (select key_hash from stream where state = 1 and expire_timestamp > ${now}
       group by key_hash having count(*) > 1)`,
  'a completed stream has no result, or one that missed events': () =>
    `select count(*) from stream where name = 'main' and state = 6 and not exists (
       select 1 from event where message_id = 'made-' || stream.id
         and json_extract(traits, '$.count') = stream.event_count)`,
  'there is a result of a stream that is not completed': () =>
    `select count(*) from event where message_id like 'made-%' and not exists (
       select 1 from stream where 'made-' || stream.id = message_id and state = 6)`,
  'a stream is ready without the event that makes it so, or has it and is not': () =>
    `select count(*) from stream where name = 'main' and (fire_timestamp is not null) <> exists (
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
  const columns = Object.values(NEVER).map((query, index) => `(${query(now)}) as c${index}`)
  const { rows } = await sql<{ [column: string]: number }>`select ${sql.raw(columns.join(', '))}`.execute(db)
  const [row] = rows
  return Object.keys(NEVER).find((_, index) => row?.[`c${index}`] !== 0)
}
