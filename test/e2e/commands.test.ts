import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { folderWith, temporaryFolder } from '../support/folders.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'

const CONFIG = resolve(import.meta.dirname, '../../config')

test.each([['yagi.conf'], ['winchester.yaml']])('check accepts the shipped %s', async (name) => {
  const result = await runProgram('stv3', ['check', '-c', join(CONFIG, name)])
  expect(result).toMatchObject({ code: 0, stderr: '' })
  expect(result.stdout).toContain('is valid')
})

function jsonLines(text: string): unknown[] {
  const lines = text.trim().split('\n')
  return lines.map((line) => JSON.parse(line))
}

test('check tells each finding with its place and exits 1', async () => {
  const folder = folderWith({ 'winchester.yaml': 'database:\n  ur: x\n' })
  const file = join(folder, 'winchester.yaml')
  const plain = await runProgram('stv3', ['check', '-c', file])
  expect(plain.code).toBe(1)
  expect(plain.stdout).toContain(`${file}:2:3: unknown key "ur"; did you mean "url"?`)
  const json = await runProgram('stv3', ['check', '-c', file, '--json'])
  expect(jsonLines(json.stdout)).toContainEqual(
    expect.objectContaining({ severity: 'error', file, line: 2, column: 3, code: 'shape' }),
  )
})

test.each([
  ['stv3', []],
  ['stv3', ['nosuch']],
  ['stv3', ['check']],
  ['stv3', ['api', '-c', 'x', '--listen', 'nowhere']],
  ['stv3', ['generate', '--seed', 'x']],
  ['klugman', ['streams', '--nosuch']],
  ['klugman', ['streams']],
] as const)('wrong usage of %s %j exits 2', async (program, args) => {
  const { code, stderr } = await runProgram(program, args, { KLUGMAN_URL: '' })
  expect(code).toBe(2)
  expect(stderr).not.toBe('')
})

test.each([
  ['stv3', ['consume', '-c', '/nosuch/yagi.conf'], 'stv3: cannot read the configuration /nosuch/yagi.conf'],
  ['stv3', ['consume', '-c', join(CONFIG, 'winchester.yaml')], 'stv3: consume needs a yagi.conf'],
  ['klugman', ['http://127.0.0.1:1', 'streams'], 'klugman: http://127.0.0.1:1 does not answer'],
] as const)('a failure of %s %j is one sentence and exits 1', async (program, args, sentence) => {
  const { code, stderr } = await runProgram(program, args, { KLUGMAN_URL: '' })
  expect(code).toBe(1)
  expect(stderr).toContain(sentence)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test('--help shows an example, --version the version', async () => {
  const help = await runProgram('stv3', ['consume', '--help'])
  expect(help).toMatchObject({ code: 0 })
  expect(help.stdout).toContain('Example:\n  stv3 consume -c config/yagi.conf')
  const version = await runProgram('stv3', ['--version'])
  expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})

test('daemons refuse a database without the schema and name the remedy; db upgrade makes it', async () => {
  const folder = folderWith({ 'winchester.yaml': 'database:\n  url: sqlite:events.db\n' })
  const file = join(folder, 'winchester.yaml')
  const refused = await runProgram('stv3', ['work', '-c', file])
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('stv3 db upgrade') })
  expect(await runProgram('stv3', ['db', 'upgrade', '-c', file])).toMatchObject({
    code: 0,
    stdout:
      'applied 001-create-tables\napplied 002-local-indexes\napplied 003-queue-positions\napplied 004-replays\napplied 005-actions-and-changes\napplied 006-samples\n',
  })
  expect(await runProgram('stv3', ['db', 'upgrade', '-c', file])).toMatchObject({
    code: 0,
    stdout: 'the schema is up to date\n',
  })
  const status = await runProgram('stv3', ['db', 'status', '-c', file, '--json'])
  expect(jsonLines(status.stdout)).toMatchObject([
    { name: '001-create-tables', applied_at: expect.any(String) },
    { name: '002-local-indexes', applied_at: expect.any(String) },
    { name: '003-queue-positions', applied_at: expect.any(String) },
    { name: '004-replays', applied_at: expect.any(String) },
    { name: '005-actions-and-changes', applied_at: expect.any(String) },
    { name: '006-samples', applied_at: expect.any(String) },
  ])
  expect((await runProgram('stv3', ['db', 'sql', '-c', file])).stdout).toContain('create table event')
})

test.each(['SIGTERM', 'SIGINT'] as const)('daemons end cleanly on %s', async (signal) => {
  const folder = folderWith({
    'winchester.yaml': 'database:\n  url: sqlite:events.db\n',
    'yagi.conf':
      '[rabbit_broker]\nurl = memory:\n[winchester]\nconfig_file = winchester.yaml\n[consumers]\nqueues = q\n[consumer:q]\napps = winchester.yagi_handler.WinchesterHandler\n',
  })
  const file = join(folder, 'winchester.yaml')
  await runProgram('stv3', ['db', 'upgrade', '-c', file])
  const port = await freePort()
  const daemons = [
    startProgram(['consume', '-c', join(folder, 'yagi.conf'), '--log-level', 'info']),
    startProgram(['work', '-c', file, '--log-level', 'debug']),
    startProgram(['api', '-c', file, '--listen', `127.0.0.1:${port}`, '--log-level', 'info']),
  ]
  await until('all to run', async () => daemons.every(({ stderr }) => stderr.includes('"running"')))
  expect(await fetch(`http://127.0.0.1:${port}/v1/streams`)).toMatchObject({ status: 200 })
  for (const daemon of daemons) expect(await daemon.stop(signal)).toMatchObject({ code: 0 })
})

test('output that cannot be written is one sentence and exits 1', () => {
  const program = resolve(import.meta.dirname, '../../src/cli/stv3.ts')
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = spawnSync(
    process.execPath,
    [program, 'timex', '$timestamp', '--var', 'timestamp=2026-01-01'],
    {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    },
  )
  closeSync(full)
  expect(stderr).toMatch(/^stv3: cannot write to standard output: ENOSPC[^\n]*\n$/)
  expect(status).toBe(1)
})

test('up makes and fires streams, answers the queries that it names, and stops cleanly', async () => {
  const data = join(temporaryFolder(), 'data')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const up = startProgram([
    'up',
    '--data',
    data,
    '--listen',
    `127.0.0.1:${port}`,
    '--speed',
    '20000',
    '--instances',
    '10',
  ])
  const completed = () =>
    fetch(`${url}/v1/streams/count?state=completed`).then(
      async (answer) => JSON.parse(await answer.text())[0].count,
      () => 0,
    )
  await until('completed streams', async () => (await completed()) >= 10)
  expect(up.stdout).toContain('klugman')
  // Where the machine is slow, the newest may have expired before their exists came.
  const klugman = await runProgram('klugman', [
    url,
    'streams',
    '--state',
    'completed',
    '--limit',
    '200',
    '--details',
  ])
  expect(klugman.stdout).toMatch(/\| D\.Trait \| +instance_id +\|/)
  expect(klugman.stdout).toContain('compute.instance.exists')
  const events = await runProgram('klugman', [
    url,
    'events',
    '--name',
    'compute.instance.exists',
    '--limit',
    '1',
    '--json',
  ])
  expect(JSON.parse(events.stdout)).toMatchObject({
    event_type: 'compute.instance.exists',
    vcpus: expect.any(Number),
  })
  expect(await runProgram('klugman', [url, 'streams', '--id', '999999'])).toMatchObject({
    code: 1,
    stderr: 'klugman: there is no stream 999999\n',
  })
  expect(await up.stop('SIGINT')).toMatchObject({ code: 0, stderr: '' })

  // What was there is there again, and the simulated clock goes on.
  const again = startProgram(['up', '--data', data, '--listen', `127.0.0.1:${port}`])
  await until('the streams of before', async () => (await completed()) >= 10)
  expect(await again.stop()).toMatchObject({ code: 0 })
})

test('up tells what keeps it from starting in one sentence', async () => {
  const folder = temporaryFolder()
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const address = blocker.address()
  const port = typeof address === 'object' && address ? address.port : 0
  writeFileSync(join(folder, 'file'), '')
  writeFileSync(
    join(folder, 'yagi.conf'),
    '[consumers]\nqueues = q\n[winchester]\nconfig_file = winchester.yaml\n',
  )
  const free = await freePort()
  const up = (args: string[]) =>
    runProgram('stv3', ['up', '--listen', `127.0.0.1:${free}`, '--data', join(folder, 'data'), ...args])
  expect(await up(['--listen', `127.0.0.1:${port}`])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`port ${port} of 127.0.0.1 is in use`),
  })
  expect(await up(['--data', '/proc/below'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot write to the data folder /proc/below'),
  })
  expect(await up(['--data', join(folder, 'file', 'below')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot write to the data folder'),
  })
  expect(await up(['--config', join(folder, 'yagi.conf')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('stv3: '),
  })
  blocker.close()
})
