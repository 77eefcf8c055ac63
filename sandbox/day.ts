// Plays a file of recorded notifications through real RabbitMQ and MariaDB: two consumers and two workers, all
// on the notifications' clock. Everything is played a second time, which must change nothing.
//
//   npm run -s day -- FILE          (JSON lines, also gzipped)
//
// STACKTACH_TEST_AMQP_URL and STACKTACH_TEST_DATABASE_URL (an account that may create databases) name servers
// that run already. Otherwise private ones are started in a temporary folder and stopped at the end.

import { createReadStream } from 'node:fs'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { messageOf } from '../src/domain/errors.ts'
import { Deployment } from './servers/deployment.ts'
import { startMariadb } from './servers/mariadb.ts'
import { createMysqlDatabase } from './servers/mysql-store.ts'
import { startRabbitmq } from './servers/rabbitmq.ts'

async function countMessages(file: string): Promise<number> {
  await access(file)
  const raw = createReadStream(file)
  const ids = new Set<string>()
  for await (const line of createInterface({
    input: file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw,
  })) {
    if (line !== '') ids.add(JSON.parse(line).message_id)
  }
  return ids.size
}

async function play(file: string, folder: string, stops: (() => Promise<void>)[]): Promise<void> {
  const messages = await countMessages(file)
  progress(`${messages} notifications; starting servers`)
  const [serverUrl, amqpUrl] = await Promise.all([
    process.env.STACKTACH_TEST_DATABASE_URL ?? startMariadb(join(folder, 'mariadb'), stops),
    process.env.STACKTACH_TEST_AMQP_URL ?? startRabbitmq(join(folder, 'rabbitmq'), stops),
  ])
  const databaseUrl = await createMysqlDatabase(serverUrl, `stacktach_day_${Date.now()}`)
  const archiveFolder = join(folder, 'archive')
  const deployment = await Deployment.start({ amqpUrl, databaseUrl, archiveFolder, consumers: 2, workers: 2 })
  try {
    for (const round of ['first', 'second']) {
      const begun = performance.now()
      progress(`playing them, ${round} time`)
      await deployment.publish(file)
      await deployment.settled(messages)
      await report(round, deployment, messages, performance.now() - begun)
    }
  } finally {
    await deployment.stop()
  }
}

/** Says on standard error what is being done: standard output has the figures. */
function progress(text: string): void {
  process.stderr.write(`day: ${text}\n`)
}

async function report(round: string, deployment: Deployment, messages: number, ms: number): Promise<void> {
  const streams = await deployment.allStreams()
  const states: { [state: string]: number } = {}
  for (const { state } of streams) states[state] = (states[state] ?? 0) + 1
  const figures = {
    round,
    messages,
    seconds: Number((ms / 1000).toFixed(1)),
    events: await deployment.countIncoming(),
    usage_results: await deployment.countResults(),
    streams: streams.length,
    events_in_streams: streams.reduce((sum, { eventCount }) => sum + eventCount, 0),
    states,
    dead_letters: (
      await deployment.store.listDeadLetters({}, { limit: 1000, mark: undefined, ascending: false })
    ).length,
    consumer_peak_mb: deployment.consumers.map((process) => process.peakMemoryMb()),
    worker_peak_mb: deployment.workers.map((process) => process.peakMemoryMb()),
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}

const [file] = process.argv.slice(2)
if (!file) {
  process.stderr.write('usage: npm run -s day -- FILE   (notifications as JSON lines, also gzipped)\n')
  process.exit(2)
}
const folder = await mkdtemp(join(tmpdir(), 'stacktach-day-'))
const stops: (() => Promise<void>)[] = []
try {
  await play(file, folder, stops)
} catch (error) {
  process.stderr.write(`day: ${messageOf(error)}\n`)
  process.exitCode = 1
} finally {
  await Promise.all(stops.map((stop) => stop()))
  await rm(folder, { recursive: true, force: true })
}
process.exit()
