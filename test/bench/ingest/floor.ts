import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type ConsumeMessage, connect } from 'amqplib'
import { createConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import { bucketOf } from '../../../src/store/schema/schema.ts'
import type { FloorBatch, FloorStream } from './floor-batches.ts'

export type FloorOptions = {
  readonly amqpUrl: string
  readonly queue: string
  readonly databaseUrl: string
  readonly folder: string
  readonly batchSize: number
}

const STREAM_COLUMNS =
  'name, key_hash, state, state_serial_no, event_count, generation, first_event, last_event, expire_timestamp, fire_timestamp, distinguishing_traits, progress, attempts'

/**
 * Drains a queue that holds the messages of the batches and writes their rows: the same look-ups, locks and rows as
 * the engine's, by statements written by hand, and nothing else. Answers the seconds it took.
 */
export async function runFloor(batches: readonly FloorBatch[], options: FloorOptions): Promise<number> {
  const database = await createConnection(options.databaseUrl)
  await database.query('set session transaction isolation level read committed')
  const [writer] = await database.query<ResultSetHeader>(
    "insert into writer (name, started_at) values ('floor', 0)",
  )
  const types = await eventTypeIds(database, batches)
  const file = await open(join(options.folder, 'floor.jsonl'), 'wx')
  const model = await connect(options.amqpUrl)
  const channel = await model.createChannel()
  await channel.prefetch(1000)
  const delivered: ConsumeMessage[] = []
  let wake = () => {}
  const begun = performance.now()
  await channel.consume(options.queue, (message) => {
    if (message) delivered.push(message)
    wake()
  })
  const streamIds = new Map<number, number>()
  for (const batch of batches) {
    while (delivered.length < batch.events.length) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const messages = delivered.splice(0, batch.events.length)
    await file.appendFile(Buffer.concat(messages.flatMap(({ content }) => [content, NEWLINE])))
    await file.datasync()
    await writeBatch(database, batch, writer.insertId, types, streamIds)
    channel.ack(messages.at(-1) as ConsumeMessage, true)
  }
  const seconds = (performance.now() - begun) / 1000
  await model.close()
  await file.close()
  await database.end()
  return seconds
}

const NEWLINE = Buffer.from('\n')

type Database = Awaited<ReturnType<typeof createConnection>>

async function eventTypeIds(
  database: Database,
  batches: readonly FloorBatch[],
): Promise<Map<string, number>> {
  const ids = new Map<string, number>()
  for (const [, , , type] of batches.flatMap(({ events }) => events)) {
    if (ids.has(type)) continue
    const [{ insertId }] = await database.query<ResultSetHeader>(
      'insert into event_type (`desc`, desc_hash) values (?, unhex(md5(?)))',
      [type, type],
    )
    ids.set(type, insertId)
  }
  return ids
}

async function writeBatch(
  database: Database,
  batch: FloorBatch,
  writer: number,
  types: ReadonlyMap<string, number>,
  streamIds: Map<number, number>,
): Promise<void> {
  await database.query('start transaction')
  await database.query('select id from writer where id = ? for update', [writer])
  await database.query('select message_hash from event where message_hash in (?)', [
    batch.events.map(([hash]) => hash),
  ])
  const [{ insertId: firstEvent }] = await database.query<ResultSetHeader>(
    'insert into event (message_hash, message_id, `generated`, event_type_id, traits) values ?',
    [batch.events.map(([hash, id, at, type, traits]) => [hash, id, at, types.get(type), traits])],
  )
  await insert(database, 'insert into event_trait (bucket, hash, event_id) values ?', [
    ...batch.eventTraits.map(({ event, hash }) => [bucketOf(firstEvent + event), hash, firstEvent + event]),
  ])
  if (batch.keyHashes.length > 0) await writeStreams(database, batch, firstEvent, streamIds)
  await database.query('commit')
}

async function writeStreams(
  database: Database,
  { keyHashes, open: known, created, changed }: FloorBatch,
  firstEvent: number,
  streamIds: Map<number, number>,
): Promise<void> {
  await insert(
    database,
    'insert into open_stream (key_hash, stream_id) values ? on duplicate key update key_hash = key_hash',
    keyHashes.map((hash) => [hash, 0]),
  )
  await database.query<RowDataPacket[]>('select * from open_stream where key_hash in (?) and stream_id > 0', [
    keyHashes,
  ])
  if (known.length > 0) {
    await database.query('select * from stream where id in (?) order by id for update', [
      known.map((number) => streamIds.get(number)),
    ])
  }
  if (created.length > 0) {
    const [{ insertId }] = await database.query<ResultSetHeader>(
      `insert into stream (${STREAM_COLUMNS}) values ?`,
      [created.map(({ columns }) => columns)],
    )
    for (const [index, { number }] of created.entries()) streamIds.set(number, insertId + index)
  }
  const idOf = ({ number }: FloorStream) => streamIds.get(number) as number
  await insert(
    database,
    `insert into stream (id, ${STREAM_COLUMNS}) values ? on duplicate key update event_count = values(event_count), first_event = values(first_event), last_event = values(last_event), expire_timestamp = values(expire_timestamp), fire_timestamp = values(fire_timestamp), progress = values(progress)`,
    changed.map((stream) => [idOf(stream), ...stream.columns]),
  )
  await insert(
    database,
    'insert into stream_event (stream_id, event_id) values ?',
    [...created, ...changed].flatMap((stream) =>
      stream.joined.map((event) => [idOf(stream), firstEvent + event]),
    ),
  )
  await insert(
    database,
    'insert into stream_trait (bucket, hash, stream_id) values ?',
    created.flatMap((stream) =>
      stream.traitHashes.map((hash) => [bucketOf(idOf(stream)), hash, idOf(stream)]),
    ),
  )
  await insert(
    database,
    'insert into open_stream (key_hash, stream_id) values ? on duplicate key update stream_id = values(stream_id)',
    created.map((stream) => [stream.keyHash, idOf(stream)]),
  )
}

async function insert(database: Database, statement: string, rows: readonly unknown[][]): Promise<void> {
  if (rows.length > 0) await database.query(statement, [rows])
}
