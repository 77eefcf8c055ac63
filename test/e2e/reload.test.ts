import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { type ChildProgram, runProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { archivedIds } from '../support/archived-ids.ts'
import { createTestDatabase } from '../support/databases.ts'
import { folderWith, temporaryFolder } from '../support/folders.ts'
import { writeLines } from '../support/notifications.ts'
import { deleteQueue } from '../support/servers/deploy.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'
import { yagiOf } from '../support/yagi-of.ts'

const TRIGGER = (name: string, type: string) => `- name: ${name}
  distinguished_by: [thing]
  match_criteria: [{event_type: ${type}}]
  fire_criteria: [{event_type: thing.end}]
  expiration: $last + 1d
  fire_pipeline: count
`

/** Counts its commits in a file: one line for each event of a stream. */
const COUNTER = `
import { appendFileSync } from 'node:fs'
export class Count {
  constructor({ file, note }) { this.file = file; this.note = note }
  handleEvents(events, env) {
    this.lines = events.map(({ messageId }) => env.streamName + ' ' + messageId + ' ' + this.note)
    return events
  }
  commit() { appendFileSync(this.file, this.lines.map((line) => line + '\\n').join('')) }
  rollback() {}
}
`

async function thingsFolder(queue: string) {
  const databaseUrl = await createTestDatabase()
  const folder = folderWith({
    'yagi.conf': `${yagiOf(inject('amqpUrl'), queue, ['exchange = things', 'max_messages = 20']).replace(
      'apps = ',
      'apps = yagi.handler.shoebox_handler.ShoeboxHandler, ',
    )}
[shoebox]
working_directory = archive
destination_folder = archive/done
`,
    // By this one notifications are published, whatever becomes of the others.
    'publish.conf': yagiOf(inject('amqpUrl'), queue, ['exchange = things'])
      .replace(/apps = .*/, 'apps = yagi.handler.NullHandler')
      .replace(/\[winchester\][\s\S]*/, ''),
    'winchester.yaml': `database: {url: '${databaseUrl}'}
distiller_config: definitions.yaml
trigger_definitions: triggers.yaml
pipeline_config: pipelines.yaml
pipeline_handlers: {count: './count.js:Count'}
purge_completed_streams: false
pipeline_worker_delay: 0.2
clock: wall
log_file: '%(proc_name)s.log'
`,
    'definitions.yaml': '- event_type: thing.*\n  traits: {thing: {fields: payload.thing}}\n',
    'triggers.yaml': TRIGGER('old', 'thing.*'),
    'pipelines.yaml': 'count: [{name: count, params: {file: PLACE/runs, note: a}}]\n',
    'count.js': COUNTER,
    runs: '',
  })
  const write = (name: string, text: string) =>
    writeFileSync(join(folder, name), text.replaceAll('PLACE', folder), { mode: 0o600 })
  const read = (name: string) =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : ''
  write('pipelines.yaml', read('pipelines.yaml'))
  const config = join(folder, 'yagi.conf')
  expect(await runProgram('stv3', ['db', 'upgrade', '-c', config])).toMatchObject({ code: 0 })
  const logOf = (name: string) => {
    const lines = read(name).trim().split('\n')
    return lines
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { level: string; msg: string })
  }
  return { folder, config, write, read, logOf }
}

/** Two messages for each thing: one that opens its stream and one that makes it fire. */
function messagesOf(from: number, to: number): string[] {
  const timestamp = new Date().toISOString()
  return Array.from({ length: to - from }, (_, index) => from + index).flatMap((n) =>
    ['start', 'end'].map((what) =>
      JSON.stringify({
        event_type: `thing.${what}`,
        message_id: `${n}-${what}`,
        timestamp,
        payload: { thing: `t${n}` },
      }),
    ),
  )
}

async function reload(...programs: readonly ChildProgram[]) {
  const pids = programs.flatMap(({ child }) => ['--pid', String(child.pid)])
  return runProgram('stv3', ['reload', ...pids])
}

test('consumers and workers that reload under load lose nothing and do nothing twice, and the new trigger works', async () => {
  const queue = `reload-${randomUUID()}`
  const { folder, config, write, read, logOf } = await thingsFolder(queue)
  const consumer = startProgram(['consume', '-c', config])
  const worker = startProgram(['work', '-c', config])
  await until('both to run', () =>
    ['consumer.log', 'worker.log'].every((name) => logOf(name).some(({ msg }) => msg === 'running')),
  )
  const publish = async (from: number, to: number) => {
    const file = writeLines(folder, `${from}.jsonl`, messagesOf(from, to))
    expect(await runProgram('stv3', ['publish', file, '-c', join(folder, 'publish.conf')])).toMatchObject({
      code: 0,
    })
  }
  const runs = () =>
    read('runs')
      .split('\n')
      .filter((line) => line !== '')
  const ROUNDS = 4
  const THINGS = 400
  for (let round = 0; round < ROUNDS; round++) {
    const publishing = publish(round * THINGS, (round + 1) * THINGS)
    // A pipeline with another parameter, and signals in the middle of batches and runs.
    write('pipelines.yaml', `count: [{name: count, params: {file: PLACE/runs, note: round-${round}}}]\n`)
    for (let signal = 0; signal < 10; signal++) {
      for (const program of [consumer, worker]) program.send('SIGHUP')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await publishing
  }
  const all = ROUNDS * THINGS
  await until('all streams to be fired', () => runs().length >= 2 * all)
  const done = runs().map((line) => line.split(' ').slice(0, 2).join(' '))
  expect(new Set(done).size).toBe(done.length)
  expect(done).toHaveLength(2 * all)
  expect((await archivedIds(join(folder, 'archive'))).length).toBe(2 * all)

  write('triggers.yaml', TRIGGER('old', 'thing.*') + TRIGGER('new', 'thing.*'))
  expect(await reload(consumer, worker)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^process \d+: reloaded .*trigger new added\nprocess \d+: reloaded .*trigger new added\n$/,
    ),
  })
  await publish(all, all + 10)
  await until('both triggers to have fired', () => runs().length >= 2 * all + 40)
  expect(
    runs()
      .slice(2 * all)
      .filter((line) => /^new \d+-(start|end) round-3$/.test(line)),
  ).toHaveLength(20)

  // A broken file changes nothing.
  write('triggers.yaml', `${TRIGGER('newer', 'thing.*')}- name: [\n`)
  const refused = await reload(consumer, worker)
  expect(refused.code).toBe(1)
  expect(refused.stdout).toMatch(
    /not reloaded, the configuration before stays in force: .*triggers\.yaml:\d+:\d+: /,
  )
  await publish(all + 10, all + 20)
  await until('both triggers to have fired', () => runs().length >= 2 * all + 80)
  // Behind it a line of statistics may stand.
  expect(logOf('worker.log').findLast(({ level }) => level === 'error')).toMatchObject({
    msg: expect.stringContaining('triggers.yaml:'),
  })

  // The level of the log changes, and its line is the last one that is written at the old level.
  write('triggers.yaml', TRIGGER('old', 'thing.*'))
  write('winchester.yaml', `${read('winchester.yaml')}log_level: error\npipeline_retries: 0\n`)
  expect(await reload(consumer, worker)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('log_level info → error'),
  })
  await publish(all + 20, all + 30)
  await until('the trigger to have fired', () => runs().length >= 2 * all + 100)

  // Log files: the level has changed, and after a rename the next line is in a new file.
  const before = logOf('consumer.log').length
  renameSync(join(folder, 'worker.log'), join(folder, 'worker.log.1'))
  worker.send('SIGHUP')
  await until('the file to be there again', () => existsSync(join(folder, 'worker.log')))
  expect(logOf('consumer.log')).toHaveLength(before)
  for (const program of [consumer, worker])
    expect(await program.stop()).toMatchObject({ code: 0, stderr: '' })
  await deleteQueue(queue)
})

test('a worker that has not reloaded yet leaves streams of a new trigger for later', async () => {
  const queue = `reload-${randomUUID()}`
  const { folder, config, write, read, logOf } = await thingsFolder(queue)
  // However slow the machine is, the worker reloads before it gives the stream up.
  write('winchester.yaml', `${read('winchester.yaml')}pipeline_retries: 12\n`)
  const consumer = startProgram(['consume', '-c', config])
  const worker = startProgram(['work', '-c', config])
  await until('both to run', () =>
    ['consumer.log', 'worker.log'].every((name) => logOf(name).some(({ msg }) => msg === 'running')),
  )
  write('triggers.yaml', TRIGGER('new', 'thing.*'))
  expect(await reload(consumer)).toMatchObject({ code: 0 })
  const file = writeLines(folder, 'lines.jsonl', messagesOf(0, 1))
  expect(await runProgram('stv3', ['publish', file, '-c', join(folder, 'publish.conf')])).toMatchObject({
    code: 0,
  })
  await until('the worker to have met it', async () => {
    const { stdout } = await runProgram('stv3', ['db', 'export', '-', '-c', config])
    return /"state":\s*"(retry_fire|error)"/.test(stdout)
  })
  expect(await reload(worker)).toMatchObject({ code: 0 })
  await until('it to have fired', () => read('runs').includes('new 0-end'), 400_000)
  for (const program of [consumer, worker]) expect(await program.stop()).toMatchObject({ code: 0 })
  await deleteQueue(queue)
})

test('tokens of the API change while it serves, and what needs a restart is named', async () => {
  const folder = folderWith({ 'winchester.yaml': 'database: {url: "sqlite:events.db"}\n' })
  const config = join(folder, 'winchester.yaml')
  await runProgram('stv3', ['db', 'upgrade', '-c', config])
  const port = await freePort()
  const api = startProgram(['api', '-c', config, '--listen', `127.0.0.1:${port}`])
  await until('it to run', () => api.stderr.includes('"running"'))
  const statusOf = async (token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    return (await fetch(`http://127.0.0.1:${port}/v1/streams`, { headers })).status
  }
  const configure = (more: string) =>
    writeFileSync(config, `database: {url: "sqlite:events.db"}\n${more}`, { mode: 0o600 })
  expect(await statusOf()).toBe(200)
  configure("api: {tokens: {read: first-token}, listen: '127.0.0.1:1'}\n")
  const { stdout } = await reload(api)
  expect(stdout).toContain('tokens that may read; needs a restart: api.listen')
  expect([await statusOf(), await statusOf('first-token')]).toEqual([401, 200])
  configure('api: {tokens: {read: [second-token]}}\n')
  expect(await reload(api)).toMatchObject({ code: 0 })
  expect([await statusOf('first-token'), await statusOf('second-token')]).toEqual([401, 200])
  // No tokens at all are no mistake to be made by the way.
  configure("api: {tokens: {read: ''}}\n")
  expect(await reload(api)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('tokens of the API are blank'),
  })
  expect(await statusOf('second-token')).toBe(200)
  expect(await api.stop()).toMatchObject({ code: 0 })
  expect(api.stderr).not.toMatch(/first-token|second-token/)
})

test('up reloads all of its parts', async () => {
  const folder = temporaryFolder()
  const port = await freePort()
  const config = join(import.meta.dirname, '../../config/yagi.conf')
  const args = ['--data', join(folder, 'data'), '--listen', `127.0.0.1:${port}`, '--instances', '2']
  const up = startProgram(['up', '-c', config, ...args])
  await until('it to run', () => up.stdout.includes('StackTach is running'))
  expect(await reload(up)).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing has changed') })
  expect(up.stdout).toContain('nothing has changed')
  expect(await up.stop()).toMatchObject({ code: 0 })
})

test.each([
  ['there is no such process', async () => 2 ** 22 + 1, 'there is no process'],
  ['it is another program', async () => process.ppid, 'SIGHUP would end it'],
])('reload says that %s', async (_, pidOf, sentence) => {
  const { code, stderr } = await runProgram('stv3', ['reload', '--pid', String(await pidOf())])
  expect(code).toBe(1)
  expect(stderr).toContain(sentence)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test('a log file that cannot be written is refused with its place', async () => {
  const folder = folderWith({
    'winchester.yaml': 'database: {url: "sqlite:events.db"}\nlog_file: /nosuch/worker.log\n',
  })
  const { code, stderr } = await runProgram('stv3', ['work', '-c', join(folder, 'winchester.yaml')])
  expect(code).toBe(1)
  expect(stderr).toContain(
    'winchester.yaml:2:11: log_file: cannot write the log to /nosuch/worker.log: ENOENT',
  )
})
