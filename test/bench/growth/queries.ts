import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { formatIso, MICROS_PER_HOUR } from '../../../src/domain/time.ts'
import type { Size } from './grown-database.ts'

/** A documented query; each number asks it for something else where it can. */
export type Query = {
  readonly name: string
  /** most milliseconds that 99 of 100 answers may take */
  readonly goal: number
  readonly path: (number: number) => string
}

/** Returns the queries of the API for what a database holds. */
export async function queriesOf(url: string, { newest }: Size): Promise<readonly Query[]> {
  const connection = await createConnection(url)
  const [messages] = await connection.query<RowDataPacket[]>(
    'select message_id from event where id % 4999 = 0 limit 200',
  )
  const [streams] = await connection.query<RowDataPacket[]>(
    'select id, distinguishing_traits as traits from stream where id % 499 = 0 limit 200',
  )
  await connection.end()
  const instances = streams.map(({ traits }) => JSON.parse(traits).instance_id as string)
  const instance = (number: number) => `instance_id:${instances[number % instances.length]}`
  const hoursAgo = (number: number) => formatIso(newest - number * MICROS_PER_HOUR).slice(0, 19)
  const id = (number: number) => streams[number % streams.length]?.id
  const paths: { readonly [name: string]: (number: number) => string } = {
    'streams?limit': () => '/streams?limit=200',
    'streams?state': () => '/streams?state=active&limit=200',
    'streams?trigger_name': () => '/streams?trigger_name=instance_day&limit=200',
    'streams?mark': (number) => `/streams?limit=200&mark=${id(number).toString(16)}`,
    'streams?distinguishing_traits': (number) => `/streams?distinguishing_traits=${instance(number)}`,
    'streams/ID?details': (number) => `/streams/${id(number)}?details=true`,
    'streams/ID/explain': (number) => `/streams/${id(number)}/explain`,
    'timeline?traits': (number) => `/timeline?traits=${instance(number)}`,
    'events?limit': () => '/events?limit=200',
    'events?event_name': () => '/events?event_name=compute.instance.create.end&limit=200',
    'events?from_datetime&to_datetime': (number) =>
      `/events?from_datetime=${hoursAgo(8 + (number % 12))}&to_datetime=${hoursAgo(7 + (number % 12))}&limit=200`,
    'events?traits': (number) => `/events?traits=${instance(number)}`,
    'events/ID': (number) => `/events/${messages[number % messages.length]?.message_id}`,
    'events/count': () => '/events/count',
    'events/count?traits': (number) => `/events/count?traits=${instance(number)}`,
    'events/count?event_name': () => '/events/count?event_name=compute.instance.create.end',
    'streams/count?state': () => '/streams/count?state=active',
  }
  return Object.entries(paths).map(([name, path]) => ({
    name,
    goal: name.includes('/count') && !name.includes('traits') ? 1000 : 50,
    path,
  }))
}
