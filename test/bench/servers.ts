import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { startMariadb } from '../../sandbox/servers/mariadb.ts'
import { startRabbitmq } from '../../sandbox/servers/rabbitmq.ts'
import { noteFact } from './figure.ts'

export type BenchServers = {
  /** for files of the bench */
  readonly folder: string
  /** Each starts a server of the bench's own and answers its URL. */
  startRabbitmq(): Promise<string>
  startMariadb(): Promise<string>
}

/** Runs a bench with a folder and servers of its own; afterwards they are gone, however it ended. */
export async function withServers(run: (servers: BenchServers) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stacktach-bench-'))
  const stops: (() => Promise<void>)[] = []
  let databases = 0
  try {
    await run({
      folder,
      async startRabbitmq() {
        const url = await startRabbitmq(join(folder, 'rabbitmq'), stops)
        await noteRabbitmq(url)
        return url
      },
      async startMariadb() {
        const url = await startMariadb(join(folder, `mariadb-${++databases}`), stops)
        await noteMariadb(url)
        return url
      },
    })
  } finally {
    for (const stop of stops) await stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function noteRabbitmq(url: string): Promise<void> {
  const model = await connect(url)
  noteFact('rabbitmq', String(model.connection.serverProperties.version))
  await model.close()
}

/** Its version, and the settings that its speed depends on: those that it starts with. */
async function noteMariadb(url: string): Promise<void> {
  const connection = await createConnection(url)
  const [[row]] = await connection.query<RowDataPacket[]>(
    'select version() as version, @@innodb_flush_log_at_trx_commit as flush, @@innodb_buffer_pool_size >> 20 as pool',
  )
  noteFact('mariadb', String(row?.version))
  noteFact('innodb_flush_log_at_trx_commit', Number(row?.flush))
  noteFact('innodb_buffer_pool_mib', Number(row?.pool))
  await connection.end()
}
