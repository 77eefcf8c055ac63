import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Mariadb } from '../../../sandbox/servers/mariadb.ts'
import { createMysqlDatabase } from '../../../sandbox/servers/mysql-store.ts'
import { Rabbitmq } from '../../../sandbox/servers/rabbitmq.ts'

// Runs a RabbitMQ and a MariaDB in the network that this program is started in, until its standard input ends. When both
// serve, one line of JSON has their URLs.

const folder = mkdtempSync(join(tmpdir(), 'stacktach-network-'))
const stops: (() => Promise<void>)[] = []
try {
  const rabbitmq = await Rabbitmq.start(join(folder, 'rabbitmq'))
  stops.push(() => rabbitmq.stop())
  const mariadb = await Mariadb.start(join(folder, 'mariadb'))
  stops.push(() => mariadb.stop())
  const databaseUrl = await createMysqlDatabase(mariadb.url, 'winchester')
  process.stdout.write(`${JSON.stringify({ amqpUrl: rabbitmq.url, databaseUrl })}\n`)
  for await (const _ of process.stdin);
} finally {
  await Promise.all(stops.map((stop) => stop()))
  rmSync(folder, { recursive: true, force: true })
}
