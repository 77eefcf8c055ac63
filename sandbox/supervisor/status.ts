import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { grouped } from '../../src/cli/terminal/grouped.ts'
import { countStreams, type Rows } from './count.ts'
import { readConfirmed } from './journal.ts'

export type StatusFigures = {
  /** simulated time, ISO 8601; undefined while nothing is known */
  readonly time: string | undefined
  readonly published: number
  readonly events: number
  readonly streams: number
  readonly fired: number
  readonly expired: number
  readonly deadLetters: number
  readonly running: number
  readonly parts: number
}

/** Returns the status line. */
export function formatStatus(figures: StatusFigures): string {
  const { time, published, events, streams, fired, expired, deadLetters, running, parts } = figures
  return [
    time === undefined ? 'starting' : time.slice(0, 16).replace('T', ' '),
    `${grouped(published)} published`,
    `${grouped(events)} events`,
    `${grouped(streams)} streams`,
    `${grouped(fired)} fired`,
    ...(expired > 0 ? [`${grouped(expired)} expired`] : []),
    `${grouped(deadLetters)} dead letters`,
    `${running} of ${parts} parts`,
  ].join(' · ')
}

/** Reads the figures of the status line. Rejects while the database is away. */
export async function readStatus(
  data: string,
  databaseUrl: string,
  timeUrl: string,
): Promise<Omit<StatusFigures, 'running' | 'parts'>> {
  const connection = await createConnection({ uri: databaseUrl, connectTimeout: 2000 })
  const rows: Rows = async (sql, values = []) =>
    (await connection.query<RowDataPacket[]>(sql, [...values]))[0]
  try {
    const [counts] = await rows(
      'select (select count(*) from event) as events, (select count(*) from dead_letter) as letters',
    )
    const { total, fired, expired } = await countStreams(rows)
    return {
      time: await timeOf(timeUrl),
      published: readConfirmed(data),
      events: Number(counts?.events),
      streams: total,
      fired,
      expired,
      deadLetters: Number(counts?.letters),
    }
  } finally {
    await connection.end()
  }
}

/** Returns the time of the time service; undefined while it is away or knows none. */
async function timeOf(url: string): Promise<string | undefined> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(1000) }).catch(() => undefined)
  const text = answer?.ok ? await answer.text() : ''
  return /^\d{4}-/.test(text) ? text : undefined
}
