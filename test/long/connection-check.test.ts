import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { connect } from 'amqplib'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { Rabbitmq } from '../../sandbox/servers/rabbitmq.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { createTestDatabase } from '../support/databases.ts'
import { temporaryFolder } from '../support/folders.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'

const CONFIG = resolve(import.meta.dirname, '../../config')

let folder: string
let rabbitmq: Rabbitmq
let managementUrl: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stacktach-check-'))
  const port = await freePort()
  writeFileSync(join(folder, 'enabled_plugins'), '[rabbitmq_management].\n')
  writeFileSync(
    join(folder, 'rabbitmq.conf'),
    `management.tcp.port = ${port}\nmanagement.tcp.ip = 127.0.0.1\n`,
  )
  rabbitmq = await Rabbitmq.start(folder)
  managementUrl = `http://guest:guest@127.0.0.1:${port}`
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      ({ ok }) => ok,
      () => false,
    )
  await until('the management plugin answers', answers)
})

afterAll(async () => {
  await rabbitmq.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A yagi.conf with these queues; answers its path. */
function configured(amqpUrl: string, names: string, sections: string, broker = ''): string {
  const here = temporaryFolder()
  const apps = 'apps = yagi.handler.shoebox_handler.ShoeboxHandler, winchester.yagi_handler.WinchesterHandler'
  writeFileSync(
    join(here, 'yagi.conf'),
    `[rabbit_broker]
url = ${amqpUrl}
${broker}
[consumers]
queues = ${names}
${sections.replaceAll('APPS', apps)}
[shoebox]
working_directory = ${here}/archive
destination_folder = ${here}/archive/done
[winchester]
config_file = ${CONFIG}/winchester.yaml
`,
  )
  return join(here, 'yagi.conf')
}

async function check(file: string, databaseUrl: string, ...options: string[]) {
  const env = { STACKTACH_DATABASE_URL: databaseUrl }
  return runProgram('stv3', ['check', '-c', file, '--connect', ...options], env)
}

async function upgraded(file: string): Promise<string> {
  const databaseUrl = await createTestDatabase()
  const { code } = await runProgram('stv3', ['db', 'upgrade', '-c', file], {
    STACKTACH_DATABASE_URL: databaseUrl,
  })
  expect(code).toBe(0)
  return databaseUrl
}

const PASSIVE = '[consumer:theirs]\nAPPS\npassive = True\n'
const OWN =
  '[consumer:own]\nAPPS\nexchange = there, missing\nrouting_key = k\nexchange_passive = True\nqueue_type = quorum\n'

test('a cloud that sends nothing yet is told with what to look for, and nothing is made', async () => {
  const file = configured(rabbitmq.url, 'theirs, own', PASSIVE + OWN)
  const { code, stdout } = await check(file, await upgraded(file))
  expect(code).toBe(0)
  expect(stdout).toMatch(/broker 127.*: RabbitMQ [\d.]+ answers/)
  expect(stdout).toMatch(
    /warning: queue theirs: does not exist yet;.*; the first notification to it creates it/,
  )
  expect(stdout).toMatch(/\nqueue own: does not exist yet; consume creates it/)
  expect(stdout).toMatch(/warning: exchange: none of the exchanges exists; is this the virtual host/)
  expect(stdout).toMatch(/database 127.*: answers; its schema is up to date/)
  expect(stdout).toMatch(
    /warning: events: no message waits and no event has come; is \[oslo_messaging.*driver = messagingv2 set in nova.conf/,
  )
  expect(stdout).toMatch(/archive .*: holds no file yet/)
  const queues = await rabbitmq.control('list_queues', 'name')
  expect(queues).not.toMatch(/theirs|own/)
  expect(await rabbitmq.control('list_exchanges', 'name')).not.toMatch(/there|missing/)
})

test('what is there is told with its type, bindings, messages and consumers, for programs too', async () => {
  const model = await connect(rabbitmq.url)
  onTestFinished(() => model.close())
  const channel = await model.createChannel()
  await channel.assertExchange('there', 'topic')
  await channel.assertQueue('theirs', { durable: false })
  await channel.bindQueue('theirs', 'there', 'k')
  channel.sendToQueue('theirs', Buffer.from('not JSON'))
  const managed = `management_url = ${managementUrl}`
  const file = configured(rabbitmq.url, 'theirs, own', PASSIVE + OWN, managed)
  const databaseUrl = await upgraded(file)
  const { code, stdout } = await check(file, databaseUrl)
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /warning: queue theirs: 1 message waits, 0 consumers read it; classic, not durable, bound to there with k; is stv3 consume running/,
  )
  const env = { STACKTACH_DATABASE_URL: databaseUrl }
  const consumer = startProgram(['consume', '-c', file], 'stv3', env)
  await until('it to read both', () => (consumer.stderr.match(/reading queue/g) ?? []).length === 2)
  const body = {
    event_type: 'compute.instance.update',
    message_id: 'm',
    timestamp: '2026-01-02T03:04:05',
    payload: {},
  }
  channel.publish('there', 'k', Buffer.from(JSON.stringify(body)))
  const lines = async () =>
    (await check(file, databaseUrl, '--json')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  await until('the event', async () => (await lines()).some(({ newest }) => newest === '2026-01-02T03:04:05'))
  const found = await lines()
  expect(found).toContainEqual(
    expect.objectContaining({
      object: 'queue',
      name: 'own',
      state: 'warning',
      type: 'quorum',
      durable: true,
      consumers: 1,
      bindings: [{ exchange: 'there', routingKey: 'k' }],
      remedy: expect.stringMatching(/not bound to missing/),
    }),
  )
  expect(found).toContainEqual(
    expect.objectContaining({ object: 'events', event_type: 'compute.instance.update' }),
  )
  expect(found).toContainEqual(
    expect.objectContaining({ object: 'archive', newest: expect.stringMatching(/notifications_/) }),
  )
  await consumer.stop()
})

test('a queue that is otherwise than configured is told, and stays as it is', async () => {
  const model = await connect(rabbitmq.url)
  onTestFinished(() => model.close())
  const channel = await model.createChannel()
  await channel.assertQueue('lasting', { durable: false })
  onTestFinished(async () => void (await channel.deleteQueue('lasting')))
  const file = configured(rabbitmq.url, 'lasting', '[consumer:lasting]\nAPPS\n')
  const { code, stdout } = await check(file, await upgraded(file))
  expect(code).toBe(0)
  expect(stdout).toContain(
    'warning: queue lasting: 0 messages wait, 0 consumers read it; it exists with other arguments than configured (durable is false there, true in the configuration); it is used as it is: change the configuration, or delete the queue',
  )
  expect(await rabbitmq.control('list_queues', 'name', 'durable')).toMatch(/lasting\s+false/)
})

test('rights that are missing are told, of the broker and of the database', async () => {
  await rabbitmq.control('add_user', 'reader', 'secret')
  await rabbitmq.control('set_permissions', 'reader', '^$', '^$', '^theirs$')
  const databaseUrl = await upgraded(configured(rabbitmq.url, 'theirs', PASSIVE))
  const owner = await createConnection({ uri: databaseUrl })
  const name = new URL(databaseUrl).pathname.slice(1)
  const user = `r_${name.slice(3, 15)}`
  await owner.query(`create user '${user}'@'%' identified by 'secret'`)
  await owner.query(`grant select, insert on \`${name}\`.* to '${user}'@'%'`)
  onTestFinished(async () => {
    await owner.query(`drop user '${user}'@'%'`)
    await owner.end()
  })
  const limited = Object.assign(new URL(databaseUrl), { username: user, password: 'secret' })
  const amqp = Object.assign(new URL(rabbitmq.url), { username: 'reader', password: 'secret' })
  const managed = `management_url = ${managementUrl}`
  const fresh = OWN.replace('consumer:own', 'consumer:fresh')
  const file = configured(amqp.href, 'theirs, fresh', PASSIVE + fresh, managed)
  const { code, stdout } = await check(file, limited.href)
  expect(code).toBe(1)
  expect(stdout).toContain(
    'error: rights reader on virtual host /: this account lacks configure on fresh, write on fresh, read on fresh, read on there, read on missing; rabbitmqctl set_permissions -p / reader CONFIGURE WRITE READ',
  )
  expect(stdout).toMatch(/error: rights 127\S+: this account may not update, delete; see the grants/)
  expect(stdout).toMatch(/database 127\S+: answers; its schema is up to date \(\S+\); MariaDB 1\d\.\d+/)
  expect(stdout).toMatch(/archive .*: holds no file yet; \d+ MB are free on its disk/)
})

test('servers that accept and say nothing are told as such', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => sockets.push(socket))
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as { port: number }
  const file = configured(`amqp://me:s3cret@127.0.0.1:${port}/`, 'theirs', PASSIVE)
  const { code, stdout, stderr } = await check(file, `mysql://me:s3cret@127.0.0.1:${port}/stacktach`)
  expect(code).toBe(1)
  expect(stdout).toMatch(/error: broker 127.*as me, virtual host \/: .*(answer|timed? ?out)/i)
  expect(stdout).toMatch(/error: database 127.*: .*(answer|timed? ?out)/i)
  expect(stderr).toMatch(/yagi.conf: 2 errors/)
  expect(stdout + stderr).not.toContain('s3cret')
})

test('a database without its tables is told with the command that makes them', async () => {
  const file = configured(rabbitmq.url, 'theirs', PASSIVE)
  const { code, stdout } = await check(file, await createTestDatabase())
  expect(code).toBe(1)
  expect(stdout).toMatch(/error: database .* lacks .*; run stv3 db upgrade/)
})
