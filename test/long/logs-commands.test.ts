import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { temporaryFolder } from '../support/folders.ts'
import { LogDeployment } from '../support/logs/log-deployment.ts'
import { LOG_VECTORS } from '../support/logs/log-vectors.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'

/** Exit codes where a vector names a fault of thunder. */
const OURS: { readonly [id: string]: number | 'running' } = { 'cli-help-none': 0 }

async function listening(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, close: () => void server.close() }
}

test.each(LOG_VECTORS.cli)(
  'the commands end as recorded: $id',
  async ({ id, args, exit, stdout, stderr, usage_shown }) => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'dir'))
    const busy = await listening()
    const free = await freePort()
    const words = args.map((word) =>
      word
        .replaceAll('<dir>', folder)
        .replace('<free port>', `${free}`)
        .replace('<busy port>', `${busy.port}`)
        .replace('<a listening port>', `127.0.0.1:${busy.port}`),
    )
    const program = startProgram(words)
    if (exit === 'running') {
      await until('it to listen', () => program.stderr.includes('collectors are taken'))
      expect(program.isRunning).toBe(true)
      expect(await program.stop()).toMatchObject({ code: 0, stdout: '' })
    } else {
      const result = await program.result()
      expect([result.code, id]).toEqual([OURS[id] ?? exit, id])
      if (OURS[id] === undefined) {
        expect([result.stdout !== '', result.stderr !== '']).toEqual([stdout, stderr])
        if (usage_shown) expect(result.stderr).toContain('--target-')
      }
    }
    busy.close()
  },
)

test('a dry run says what would be sent, sends nothing and writes nothing', async () => {
  const folder = temporaryFolder()
  const logs = await LogDeployment.create(folder)
  writeFileSync(join(logs.source, 'a.log'), 'x'.repeat(300))
  writeFileSync(join(logs.source, 'b.log.old'), 'y\n')
  const args = [
    'logs-collector',
    '--source-dir',
    logs.source,
    '--offsets-db',
    logs.db,
    '--dry-run',
    '--rotate-bytes',
    '200',
  ]
  const json = await startProgram([...args, '--json']).result()
  expect(
    json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { file: 'a.log', sent_as: 'a.log', size: 300, offset: 0, to_send: 300, rotate: true },
    { file: 'b.log.old', sent_as: 'b.log', size: 2, offset: 0, to_send: 2, rotate: false },
  ])
  expect((await startProgram(args).result()).stdout).toContain(
    'a.log: 300 of 300 bytes go to a.log, from 0; then it is rotated',
  )
  expect(existsSync(logs.db)).toBe(false)
})

test('metrics, health and status tell how far a collector is, klugman shows it, and signals do what they are for', async () => {
  const [collectorStatus, processorStatus] = [
    `127.0.0.1:${await freePort()}`,
    `127.0.0.1:${await freePort()}`,
  ]
  const logs = await LogDeployment.create(temporaryFolder(), {
    collector: ['--status', collectorStatus],
    processor: ['--status', processorStatus],
  })
  writeFileSync(join(logs.source, 'a.log'), 'one\n')
  logs.startCollector()
  const ask = async (status: string, path: string) => (await fetch(`http://${status}${path}`)).text()
  await until('the collector to serve', () => logs.collector?.stderr.includes('metrics and health') === true)
  await until('it to be told', async () => (await fetch(`http://${collectorStatus}/readyz`)).status === 503)
  expect(await ask(collectorStatus, '/metrics')).toMatch(/^stacktach_logs_file_lag_bytes\{file="a.log"\} 4$/m)
  const shown = await startProgram([`http://${collectorStatus}/tree`, 'logs'], 'klugman').result()
  expect(shown.stdout).toContain('a.log')
  expect(shown.code).toBe(0)

  logs.startProcessor()
  await until('the line to arrive', () => logs.lines().length === 1)
  await until('it to be ready', async () => (await fetch(`http://${collectorStatus}/readyz`)).status === 200)
  expect(await ask(processorStatus, '/metrics')).toMatch(/^stacktach_logs_processor_messages_total 1$/m)
  const connected = async () =>
    (await ask(processorStatus, '/tree')).includes('logs_processor.connections: 1')
  await until('the status to say so', connected)

  // A file of the target that was moved away is made anew.
  renameSync(join(logs.target, 'a.log'), join(logs.target, 'a.log.1'))
  logs.processor?.send('SIGUSR1')
  await until('a new file', () => existsSync(join(logs.target, 'a.log')))
  logs.collector?.send('SIGHUP')
  await until('the reload', () => logs.collector?.stderr.includes('are read again') === true)
  writeFileSync(join(logs.source, 'a.log'), 'one\ntwo\n')
  await until('the next line', () => readFileSync(join(logs.target, 'a.log'), 'utf8') === 'two\n')
  await logs.stop()
})
