import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { STREAM_STATES } from '../../src/domain/stream.ts'
import { readJournal } from './journal.ts'
import type { Figures } from './ledger.ts'
import { archivedMessages, archiveFiles } from './read-archive.ts'

export type Sources = {
  /** folder of the simulator's journal */
  readonly data: string
  readonly archive: string
  readonly databaseUrl: string
  /** messages that RabbitMQ still holds */
  readonly waiting: number | undefined
}

const PAGE = 50_000

/** Counts everything for the ledger. The parts must have stopped; the database must be there. */
export async function countFigures({ data, archive, databaseUrl, waiting }: Sources): Promise<Figures> {
  const connection = await createConnection(databaseUrl)
  const rows = async (sql: string, values: readonly unknown[] = []) =>
    (await connection.query<RowDataPacket[]>(sql, [...values]))[0]
  try {
    const events = await eventIds(rows)
    const { hashes, confirmed } = readJournal(data)
    const sent = new Set(hashes)
    const published = new Set(hashes.slice(0, confirmed))
    const seen = { hashes: new Set<string>(), lines: 0, foreign: 0, stored: new Set<string>() }
    const files = await archiveFiles(archive)
    for (const file of files)
      for await (const { hash, id } of archivedMessages(file)) {
        seen.lines++
        if (seen.hashes.has(hash)) continue
        seen.hashes.add(hash)
        if (!sent.has(hash)) seen.foreign++
        if (id !== undefined && events.has(id)) seen.stored.add(id)
      }
    const letters = await rows(
      'select stage, count(*) as count from dead_letter group by stage order by stage',
    )
    return {
      published: confirmed,
      different: published.size,
      unarchived: [...published].filter((hash) => !seen.hashes.has(hash)).length,
      archive: {
        files: files.length,
        lines: seen.lines,
        messages: seen.hashes.size,
        foreign: seen.foreign,
      },
      stored: seen.stored.size,
      results: events.size - seen.stored.size,
      deadLetters: Object.fromEntries(letters.map(({ stage, count }) => [stage, Number(count)])),
      waiting,
      streams: await countStreams(rows),
    }
  } finally {
    await connection.end()
  }
}

export type Rows = (sql: string, values?: readonly unknown[]) => Promise<RowDataPacket[]>

async function eventIds(rows: Rows): Promise<Set<string>> {
  const ids = new Set<string>()
  for (let last = 0; ; ) {
    const page = await rows(`select id, message_id from event where id > ? order by id limit ${PAGE}`, [last])
    if (page.length === 0) return ids
    for (const { message_id } of page) ids.add(String(message_id))
    last = Number(page.at(-1)?.id)
  }
}

/** Counts streams by what became of them. Those that are completed have fired, or have expired. */
export async function countStreams(rows: Rows): Promise<Figures['streams']> {
  const groups = await rows(`select state, fire_timestamp is not null as is_fired, count(*) as streams,
    sum(event_count) as events from stream group by state, is_fired`)
  const [members] = await rows('select count(*) as count from stream_event')
  const open: { [state: string]: number } = {}
  const result = { total: 0, fired: 0, expired: 0, open, members: Number(members?.count), counted: 0 }
  for (const group of groups) {
    const [streams, state] = [Number(group.streams), STREAM_STATES[group.state - 1] ?? 'unknown']
    result.total += streams
    result.counted += Number(group.events)
    if (state !== 'completed') open[state] = (open[state] ?? 0) + streams
    else if (group.is_fired) result.fired += streams
    else result.expired += streams
  }
  return result
}
