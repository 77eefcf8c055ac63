import { setTimeout as delay } from 'node:timers/promises'
import { createConnection, type RowDataPacket } from 'mysql2/promise'

/** Refuses some events, and notes each time that a stream is completed. */
export async function watchDatabase(url: string): Promise<void> {
  const connection = await createConnection(url)
  await connection.query('create table completion (stream_id bigint not null)')
  await connection.query(`create trigger note_completion after update on stream for each row
    begin if new.state = 6 then insert into completion values (new.id); end if; end`)
  await connection.query(`create trigger refuse before insert on event for each row
    begin if new.message_id like 'refused-%' then
      signal sqlstate '45000' set message_text = 'refused'; end if; end`)
  await connection.end()
}

/** Streams as often as they were completed, in order. */
export async function completions(url: string): Promise<number[]> {
  const connection = await createConnection(url)
  const [rows] = await connection.query<RowDataPacket[]>(
    'select stream_id from completion order by stream_id',
  )
  await connection.end()
  return rows.map(({ stream_id }) => Number(stream_id))
}

/** Creates an account that a read-only server lets write as little as any other; answers the URL with it. */
export async function createPlainAccount(url: string): Promise<string> {
  const connection = await createConnection(url)
  const [name, password] = ['plain', 'plain-test']
  await connection.query(`create user ${name}@'%' identified by '${password}'`)
  await connection.query(`grant all on ${new URL(url).pathname.slice(1)}.* to ${name}@'%'`)
  await connection.end()
  return Object.assign(new URL(url), { username: name, password }).href
}

/** Lets a server take no writes for a while, as an old primary does after a failover. */
export async function makeReadOnly(url: string, ms: number): Promise<void> {
  const connection = await createConnection(url)
  await connection.query('set global read_only = 1')
  await delay(ms)
  await connection.query('set global read_only = 0')
  await connection.end()
}

/** Changes the distance between ids, as a cluster that grows does, and ends every other connection of an account. */
export async function changeIdStep(url: string, user: string, step: number): Promise<void> {
  const connection = await createConnection(url)
  await connection.query(`set global auto_increment_increment = ${step}`)
  const [rows] = await connection.query<RowDataPacket[]>(
    'select id from information_schema.processlist where user = ? and id % 2 = 0',
    [user],
  )
  // One may have ended by itself.
  for (const { id } of rows) await connection.query(`kill ${id}`).catch(() => {})
  await connection.end()
}
