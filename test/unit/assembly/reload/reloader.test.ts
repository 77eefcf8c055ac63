import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DaemonLog, type DaemonRole } from '../../../../src/assembly/daemon-log.ts'
import { Reloader } from '../../../../src/assembly/reload/reloader.ts'
import type { Config } from '../../../../src/config/load/config.ts'
import { loadConfig } from '../../../../src/config/load/load-config.ts'
import { folderWith } from '../../../support/folders.ts'

const WINCHESTER = `database: {url: 'sqlite::memory:'}
trigger_definitions: triggers.yaml
pipeline_config: pipelines.yaml
distiller_config: definitions.yaml
log_file: '%(proc_name)s.log'
`
const TRIGGER = (name: string) => `- name: ${name}
  distinguished_by: [host]
  match_criteria: [{event_type: x.*}]
  fire_criteria: [{event_type: x.end}]
  expiration: $last + 1d
  fire_pipeline: p
`
const FILES = {
  'yagi.conf': `[rabbit_broker]
url = memory:
[consumers]
queues = q
[consumer:q]
apps = winchester.yagi_handler.WinchesterHandler
exchange = x
[winchester]
config_file = winchester.yaml
`,
  'winchester.yaml': WINCHESTER,
  'triggers.yaml': TRIGGER('a'),
  'pipelines.yaml': 'p: [logger]\n',
  'definitions.yaml': '- event_type: x.*\n  traits: {host: {fields: payload.host}}\n',
}

async function start(role: DaemonRole, files: { readonly [name: string]: string } = FILES) {
  const folder = folderWith(files)
  const file = join(folder, 'yagi.conf')
  const config = await loadConfig(file, {})
  const log = new DaemonLog(config, role, {})
  const taken: Config[] = []
  const prepare = async (next: Config) => ({ apply: () => void taken.push(next) })
  const reloader = new Reloader({ file, role, config, log, prepare })
  const name = (text: string) => text.replaceAll(`${folder}/`, '')
  return {
    folder,
    taken,
    write: (one: string, text: string) => writeFileSync(join(folder, one), text, { mode: 0o600 }),
    async reload() {
      const { ok, sentence } = await reloader.reload()
      return `${ok ? '' : 'NOT '}${name(sentence)}`
    },
    lines: (of = `${role}.log`) =>
      readFileSync(join(folder, of), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
  }
}

const NOTHING = 'reloaded yagi.conf: nothing has changed'

test.each<[DaemonRole, string, string, string]>([
  ['worker', 'triggers.yaml', TRIGGER('a') + TRIGGER('b'), 'trigger b added'],
  ['worker', 'triggers.yaml', TRIGGER('b'), 'trigger a removed, trigger b added'],
  ['worker', 'triggers.yaml', TRIGGER('a').replace('1d', '2d'), 'trigger a changed'],
  ['consumer', 'triggers.yaml', TRIGGER('a').replace('1d', '2d'), 'trigger a changed'],
  ['worker', 'triggers.yaml', `# a comment\n${TRIGGER('a')}`, 'nothing has changed'],
  ['api', 'triggers.yaml', TRIGGER('b'), 'nothing has changed'],
  [
    'worker',
    'triggers.yaml',
    TRIGGER('a').replace('[host]', '[host, service]'),
    'trigger a changed; needs a restart: index of trait service',
  ],
  ['worker', 'pipelines.yaml', 'p: [logger, usage]\nq: [logger]\n', 'pipeline p changed, pipeline q added'],
  ['consumer', 'pipelines.yaml', 'p: [logger, usage]\n', 'nothing has changed'],
  [
    'consumer',
    'definitions.yaml',
    `${FILES['definitions.yaml']}- event_type: [y.*, z]\n  traits: {}\n`,
    'event definition y.*, z added',
  ],
  ['worker', 'definitions.yaml', '- event_type: x.*\n  traits: {host: {fields: h}}\n', 'nothing has changed'],
  [
    'worker',
    'winchester.yaml',
    `${WINCHESTER}pipeline_retries: 5\ntrim_events: true\n`,
    'trim_events false → true, pipeline_retries 3 → 5',
  ],
  ['consumer', 'winchester.yaml', `${WINCHESTER}pipeline_retries: 5\n`, 'nothing has changed'],
  ['consumer', 'winchester.yaml', `${WINCHESTER}log_level: debug\n`, 'log_level info → debug'],
  [
    'worker',
    'winchester.yaml',
    `${WINCHESTER}clock: wall\nstatus: '127.0.0.1:9101'\n`.replace(':memory:', 'a.db'),
    'nothing has changed; needs a restart: database, clock, status',
  ],
  [
    'api',
    'winchester.yaml',
    `${WINCHESTER}api: {listen: '127.0.0.1:1', limits: {query_timeout_s: 1}}\n`,
    'nothing has changed; needs a restart: api.listen, api.limits.query_timeout_s',
  ],
  [
    'consumer',
    'yagi.conf',
    FILES['yagi.conf'].replace('memory:', 'amqp://u:s3cr3t@h/').replace('= x', '= y\nroutingkey = z'),
    'NOT',
  ],
  [
    'consumer',
    'yagi.conf',
    `${FILES['yagi.conf'].replace('memory:', 'amqp://u:s3cr3t@h/')}[global]\nupdate_timer = 5\n`,
    'nothing has changed; needs a restart: [rabbit_broker] url, [global]',
  ],
  ['worker', 'yagi.conf', `${FILES['yagi.conf']}[global]\nupdate_timer = 5\n`, 'nothing has changed'],
])('a %s that reads %s again says what has changed', async (role, file, text, expected) => {
  const daemon = await start(role)
  daemon.write(file, text)
  const said = await daemon.reload()
  if (expected === 'NOT') expect(said).toMatch(/^NOT .*yagi\.conf:8:1: unknown key "routingkey"/)
  else expect(said).toBe(`reloaded yagi.conf: ${expected}`)
  expect(daemon.taken).toHaveLength(expected === 'NOT' ? 0 : 1)
  expect(JSON.stringify(daemon.lines())).not.toContain('s3cr3t')
})

test('what needs a restart stays as it is, and is named again', async () => {
  const daemon = await start('worker')
  daemon.write('winchester.yaml', `${WINCHESTER}clock: wall\n`)
  for (let time = 0; time < 2; time++)
    expect(await daemon.reload()).toBe(`${NOTHING}; needs a restart: clock`)
  expect(daemon.taken.map(({ winchester }) => winchester.clock)).toEqual(['auto', 'auto'])
  daemon.write('winchester.yaml', WINCHESTER)
  expect(await daemon.reload()).toBe(NOTHING)
})

test('a file with an error changes nothing; its line has the place, and the mended file is taken', async () => {
  const daemon = await start('worker')
  daemon.write('triggers.yaml', `${TRIGGER('a')}${TRIGGER('b').replace('$last + 1d', '$last + 1x')}`)
  expect(await daemon.reload()).toMatch(
    /^NOT not reloaded, the configuration before stays in force: triggers\.yaml:11:15: bad time expression /,
  )
  daemon.write('pipelines.yaml', 'p: [loger]\n')
  expect(await daemon.reload()).toMatch(/, and 1 more$/)
  rmSync(join(daemon.folder, 'pipelines.yaml'))
  expect(await daemon.reload()).toContain('winchester.yaml:3:18: pipeline_config: ')
  expect(daemon.taken).toEqual([])
  expect(daemon.lines().map(({ level }) => level)).toEqual(['error', 'error', 'error'])
  daemon.write('triggers.yaml', TRIGGER('b'))
  daemon.write('pipelines.yaml', FILES['pipelines.yaml'])
  expect(await daemon.reload()).toBe('reloaded yagi.conf: trigger a removed, trigger b added')
})

test('an error with which the daemon runs already keeps it from nothing', async () => {
  const files = { ...FILES, 'winchester.yaml': `${WINCHESTER}unknown: 1\n` }
  const daemon = await start('worker', files)
  daemon.write('triggers.yaml', TRIGGER('b'))
  expect(await daemon.reload()).toContain('reloaded yagi.conf: trigger a removed')
  daemon.write('winchester.yaml', `${WINCHESTER}unknown: 1\nother: 1\n`)
  expect(await daemon.reload()).toContain('NOT')
})

test('the log follows: reopened, moved to another file, quieter after its last word', async () => {
  const daemon = await start('worker')
  await daemon.reload()
  renameSync(join(daemon.folder, 'worker.log'), join(daemon.folder, 'worker.log.1'))
  await daemon.reload()
  expect([daemon.lines('worker.log.1'), daemon.lines()].map(({ length }) => length)).toEqual([1, 1])
  daemon.write('winchester.yaml', WINCHESTER.replace('.log', '-2.log'))
  expect(await daemon.reload()).toMatch(/log file \S*worker\.log → \S*worker-2\.log$/)
  daemon.write('winchester.yaml', `${WINCHESTER.replace('.log', '-2.log')}log_level: error\n`)
  await daemon.reload()
  await daemon.reload()
  expect(daemon.lines('worker-2.log').map(({ msg }) => msg.split(': ')[1])).toEqual([
    expect.stringContaining('log file'),
    'log_level info → error',
  ])
  daemon.write('winchester.yaml', WINCHESTER.replace('%(proc_name)s.log', 'none/x.log'))
  expect(await daemon.reload()).toMatch(
    /winchester\.yaml:5:12: log_file: cannot write the log to \S*none\/x\.log: ENOENT/,
  )
})

test('an own module that has changed is named, and a new one is not', async () => {
  const own = 'export class Own { handleEvents(e) { return e } commit() {} rollback() {} }\n'
  const files = {
    ...FILES,
    'own.js': own,
    'winchester.yaml': `${WINCHESTER}pipeline_handlers: {own: './own.js:Own'}\n`,
    'pipelines.yaml': 'p: [own]\n',
  }
  const daemon = await start('worker', files)
  daemon.write('new.js', own)
  daemon.write(
    'winchester.yaml',
    `${WINCHESTER}pipeline_handlers: {own: './own.js:Own', new: './new.js:Own'}\n`,
  )
  expect(await daemon.reload()).toBe('reloaded yagi.conf: pipeline_handlers')
  const later = `${own}// changed\n`
  await new Promise((resolve) => setTimeout(resolve, 20))
  daemon.write('own.js', later)
  expect(await daemon.reload()).toBe(`${NOTHING}; needs a restart: own.js`)
})
