import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { handlerFaults, requirePipelines } from '../../../../src/assembly/require-pipelines.ts'
import { checkConfig, loadConfig } from '../../../../src/config/load/load-config.ts'
import { ConfigError } from '../../../../src/domain/errors.ts'
import { findingsOf, SOUND_FILES } from '../../../support/config-findings.ts'
import { folderWith } from '../../../support/folders.ts'

const SHIPPED = resolve(import.meta.dirname, '../../../../config')

const FILES = SOUND_FILES

test.each(['yagi.conf', 'winchester.yaml'])('the shipped %s has no finding', async (name) => {
  const { findings, config } = await checkConfig(join(SHIPPED, name), {})
  expect(findings).toEqual([])
  expect(config?.triggers.map((trigger) => trigger.name)).toEqual(['instance_day', 'versioned_instance_day'])
})

test('defaults are applied', async () => {
  const folder = folderWith(FILES)
  const config = await loadConfig(join(folder, 'winchester.yaml'), {})
  expect(config.winchester).toMatchObject({
    purge_completed_streams: true,
    pipeline_retries: 3,
    pipeline_worker_batch_size: 1000,
    trim_events_age: '$timestamp - 14d',
  })
  expect(config.pipelines).toEqual({ go: [{ name: 'logger', params: {} }] })
})

test('values are taken from the environment', async () => {
  const yaml = 'database:\n  url: "${DB:-sqlite::memory:}"\nlog_level: ${LEVEL}\n'
  const folder = folderWith({ 'winchester.yaml': yaml })
  const config = await loadConfig(join(folder, 'winchester.yaml'), { LEVEL: 'debug', DB: '' })
  expect(config.winchester).toMatchObject({ database: { url: 'sqlite::memory:' }, log_level: 'debug' })
  await expect(loadConfig(join(folder, 'winchester.yaml'), {})).rejects.toThrow('LEVEL is not set')
})

test.each(['${DB_PASSWORD', 'a${DB PASSWORD}', '${DB:name}'])(
  '%s is taken as it stands, with a warning',
  async (text) => {
    const folder = folderWith({ 'winchester.yaml': `statistics_period: 10\nservice_name: "${text}"\n` })
    const { findings } = await checkConfig(join(folder, 'winchester.yaml'), { DB_PASSWORD: 'p', DB: 'd' })
    const found = findings.filter(({ code }) => code === 'environment')
    expect(found).toMatchObject([{ severity: 'warning', position: { line: 2 } }])
    expect(found[0]?.message).toContain('expected ${NAME} or ${NAME:-default}')
  },
)

test.each([
  ['a YAML fault', { 'triggers.yaml': '- name: [\n' }, 'triggers.yaml:2:1', /./],
  [
    'an unknown key',
    { 'winchester.yaml': `${FILES['winchester.yaml']}purge_complete_streams: true\n` },
    'winchester.yaml:7:1',
    /unknown key "purge_complete_streams"; did you mean "purge_completed_streams"/,
  ],
  [
    'a status tree that everybody reaches',
    {
      'winchester.yaml': `${FILES['winchester.yaml']}status: {listen: '0.0.0.0:9110', parent: 'http://w/'}\n`,
    },
    'winchester.yaml:7:19',
    /listen: everybody could read and report there: give tokens, or insecure: true/,
  ],
  [
    'a wrong type',
    { 'winchester.yaml': 'database:\n  url: 5\n' },
    'winchester.yaml:2:8',
    /url: expected a text, found/,
  ],
  [
    'a missing key',
    { 'winchester.yaml': 'log_level: info\n' },
    'winchester.yaml:1:1',
    /database: is required/,
  ],
  [
    'a missing file',
    { 'winchester.yaml': `${FILES['winchester.yaml']}`.replace('events.yaml', 'nosuch.yaml') },
    'winchester.yaml:4:19',
    /nosuch\.yaml is not in/,
  ],
  [
    'a bad field path',
    { 'events.yaml': '- event_type: x\n  traits:\n    host:\n      fields: [a, "b.["]\n' },
    'events.yaml:4:20',
    /bad field path/,
  ],
  [
    'a bad time expression',
    { 'triggers.yaml': FILES['triggers.yaml'].replace('$last + 1h', '$last + 1parsec') },
    'triggers.yaml:6:15',
    /bad time expression/,
  ],
  [
    'a variable that the age of events has not',
    { 'winchester.yaml': `${FILES['winchester.yaml']}trim_events_age: $timestmp - 14d\n` },
    'winchester.yaml:7:18',
    /unknown variable \$timestmp; known are \$timestamp in "\$timestmp - 14d" at column 1/,
  ],
  [
    'an unknown level of the log',
    { 'winchester.yaml': `${FILES['winchester.yaml']}log_level: inf\n` },
    'winchester.yaml:7:12',
    /log_level: expected one of debug, info, .*, found "inf"; did you mean "info"/,
  ],
  [
    'a mistyped key that is required',
    { 'events.yaml': '- event_type: x.*\n  traits: {host: {field: payload.host}}\n' },
    'events.yaml:2:19',
    /unknown key "field"; did you mean "fields"/,
  ],
  [
    'a quoted text that is not closed',
    { 'winchester.yaml': `log_level: "info${FILES['winchester.yaml']}` },
    'winchester.yaml:2:1',
    /a quoted text above is not closed, or this line of it is not indented/,
  ],
  [
    'definitions that are no list',
    { 'events.yaml': 'event_type: x.*\ntraits: {host: {fields: payload.host}}\n' },
    'events.yaml:1:1',
    /expected a list, found/,
  ],
  [
    'a handler whose module is not there',
    { 'pipelines.yaml': 'go: ["./nosuch.ts:Foo"]\n' },
    'pipelines.yaml:1:7',
    /^\.\/nosuch\.ts:Foo: the module cannot be loaded/,
  ],
  [
    'an unknown pipeline',
    { 'pipelines.yaml': 'goo: [logger]\n' },
    'triggers.yaml:7:18',
    /there is no pipeline "go"; did you mean "goo"/,
  ],
  [
    'an unknown key of a criterion',
    { 'triggers.yaml': FILES['triggers.yaml'].replace('event_type: x.end', 'event_typ: x.end') },
    'triggers.yaml:5:20',
    /unknown key "event_typ"; did you mean "event_type"/,
  ],
  [
    'a trigger without pipelines',
    { 'triggers.yaml': FILES['triggers.yaml'].replace('  fire_pipeline: go\n', '') },
    'triggers.yaml:2:3',
    /needs a fire_pipeline/,
  ],
])('tells %s with its place', async (_, files, at, message) => {
  const findings = await findingsOf(files)
  expect(findings).toHaveLength(1)
  expect(findings[0]).toMatchObject({ at, message: expect.stringMatching(message), severity: 'error' })
})

test('tells all findings of all files in one go', async () => {
  const findings = await findingsOf({
    'events.yaml': '- event_typ: x\n- event_type: y\n  traits: {v: {fields: "..", type: number}}\n',
    'pipelines.yaml': 'go: 5\n',
  })
  expect(findings.length).toBeGreaterThanOrEqual(4)
})

test('an unknown key is an error for check, and does not keep the daemons from running', async () => {
  const folder = folderWith({ ...FILES, 'triggers.yaml': `${FILES['triggers.yaml']}  description: ours\n` })
  const { findings, config } = await checkConfig(join(folder, 'winchester.yaml'), {})
  expect(findings).toMatchObject([{ code: 'unknown-key', severity: 'error' }])
  expect(config?.warnings).toEqual(findings)
  expect(config?.triggers.map(({ name }) => name)).toEqual(['one'])
})

test('a daemon refuses a handler with the finding of check', async () => {
  const files = { ...FILES, 'pipelines.yaml': 'go: [logger]\nother:\n- logger\n- usgae\n' }
  const config = await loadConfig(join(folderWith(files), 'winchester.yaml'), {})
  const [found, ...others] = await findingsOf(files)
  expect(others).toEqual([])
  expect(found).toMatchObject({
    at: 'pipelines.yaml:4:3',
    message: expect.stringMatching(/^usgae: there is no/),
  })
  await expect(requirePipelines(config)).rejects.toThrow(`${found?.at}: ${found?.message}`)
})

test('a daemon warns of a parameter without effect with its place', async () => {
  const step = '{name: notabene, params: {exchange: e, queue_name: q, library: x}}'
  const folder = folderWith({ ...FILES, 'pipelines.yaml': `go: [${step}]\n` })
  const told: string[] = []
  const logger = { warn: (_: object, message: string) => told.push(message) }
  await requirePipelines(await loadConfig(join(folder, 'winchester.yaml'), {}), logger)
  expect(told).toEqual([
    expect.stringMatching(/pipelines\.yaml:1:60: warning: notabene: library: is accepted and has no effect$/),
  ])
})

test('an unknown variable in the age of events keeps the worker from running', async () => {
  const yaml = `${FILES['winchester.yaml']}trim_events_age: $timestmp - 14d\n`
  const file = join(folderWith({ ...FILES, 'winchester.yaml': yaml }), 'winchester.yaml')
  await expect(loadConfig(file, {})).rejects.toThrow('winchester.yaml:7:18: unknown variable $timestmp')
})

test.each(['debug', 'WARNING', 'CRITICAL', 'silent'])('log_level may be %s', async (level) => {
  expect(await findingsOf({ 'winchester.yaml': `${FILES['winchester.yaml']}log_level: ${level}\n` })).toEqual(
    [],
  )
})

test('an unknown pipeline does not keep the daemons from running', async () => {
  const folder = folderWith({ ...FILES, 'pipelines.yaml': 'other: [logger]\n' })
  const { findings, config } = await checkConfig(join(folder, 'winchester.yaml'), {})
  expect(findings).toMatchObject([{ code: 'unknown-pipeline', severity: 'error' }])
  expect(config).toBeDefined()
})

const YAGI = `
[rabbit_broker]
host = bus
user = me
password = p@ss
[consumers]
queues = q1, q2
[consumer:q1]
apps = winchester.yagi_handler.WinchesterHandler
exchange = x
durable = False
[consumer:q2]
apps = winchester.yagi_handler:WinchesterHandler
max_messages = 7
[winchester]
config_file = winchester.yaml
`

async function yagiOf(text: string) {
  return checkConfig(
    join(folderWith({ ...FILES, 'yagi.conf': text }), 'yagi.conf'),
    {},
    { mode: 'check', checkHandlers: handlerFaults },
  )
}

test('reads an old yagi.conf', async () => {
  const { config, findings } = await yagiOf(`${YAGI}\n[oahu]\nanything = 1\n; a comment\n`)
  expect(findings).toMatchObject([{ severity: 'warning', message: '[oahu]: is accepted and has no effect' }])
  expect(config?.yagi).toMatchObject({
    broker: { url: 'amqp://me:p%40ss@bus:5672/%2F', reconnectMs: 5000 },
    queues: [
      {
        queue: 'q1',
        bindings: [{ exchange: 'x', routingKey: 'q1' }],
        durable: false,
        exchangeDurable: false,
        maxMessages: undefined,
      },
      { queue: 'q2', bindings: [], durable: true, maxMessages: 7, archive: undefined },
    ],
  })
})

test.each([
  [
    'an unknown key',
    YAGI.replace('exchange = x', 'exchnage = x'),
    'yagi.conf:10:1',
    /unknown key "exchnage" in \[consumer:q1\]; did you mean "exchange"/,
  ],
  ['an unknown section', `${YAGI}[rabit_broker]\n`, 'yagi.conf:17:1', /did you mean "rabbit_broker"/],
  [
    'a queue without section',
    YAGI.replace('q1, q2', 'q1, q2, q3'),
    'yagi.conf:7:10',
    /there is no section \[consumer:q3\]/,
  ],
  [
    'no queues to read',
    '[winchester]\nconfig_file = winchester.yaml\n',
    'yagi.conf:1:1',
    /queues: expected the names of the queues to read, in a section \[consumers\]/,
  ],
  [
    'an empty section of queues',
    '[winchester]\nconfig_file = winchester.yaml\n[consumers]\n',
    'yagi.conf:3:1',
    /queues: expected the names of the queues to read$/,
  ],
  [
    'a section of a queue with the name of another kind',
    YAGI.replace('[consumer:q1]', '[consumers:q1]'),
    'yagi.conf:8:1',
    /^unknown section \[consumers:q1\]; did you mean "consumer:q1"\?$/,
  ],
  ['an empty file', '', 'yagi.conf:1:1', /queues: expected the names/],
  [
    'a value of the wrong kind',
    YAGI.replace('durable = False', 'durable = maybe'),
    'yagi.conf:11:11',
    /durable: expected True or False/,
  ],
  [
    'an app that is not there',
    YAGI.replace('apps = winchester.yagi_handler:', 'apps = x:Y, winchester.yagi_handler:'),
    'yagi.conf:13:8',
    /there is no app x:Y; known are WinchesterHandler, .*own ones are named as \.\/my\.js:MyApp$/,
  ],
  [
    'a filter of no app',
    `${YAGI}[exclude_filters]\nWinchestrHandler = x\n`,
    'yagi.conf:18:20',
    /winchestrhandler is the app of no queue; known are .*did you mean "WinchesterHandler"/,
  ],
  [
    'a feed without its section',
    YAGI.replace('max_messages = 7', 'apps = yagi.handler.atompub_handler.AtomPub').replace(
      'apps = winchester.yagi_handler:WinchesterHandler\n',
      '',
    ),
    'yagi.conf:7:10',
    /the app needs url in a section \[atompub\]/,
  ],
  [
    'an own app that is not there',
    YAGI.replace('apps = winchester.yagi_handler:', 'apps = ./nosuch.js:Mine, winchester.yagi_handler:'),
    'yagi.conf:13:8',
    /nosuch.js:Mine: the module cannot be loaded/,
  ],
  [
    'an archive without its section',
    YAGI.replace(/apps = /g, 'apps = yagi.handler.shoebox_handler:ShoeboxHandler, '),
    'yagi.conf:7:10',
    /needs a section \[shoebox\]/,
  ],
])('tells %s of a yagi.conf with its place', async (_, text, at, message) => {
  const { findings } = await yagiOf(text)
  expect(findings).toHaveLength(1)
  const { position, message: found } = findings[0] as (typeof findings)[number]
  expect(`${position.file.split('/').at(-1)}:${position.line}:${position.column}`).toBe(at)
  expect(found).toMatch(message)
})

test('queues have apps, filters and archives of their own', async () => {
  const text = YAGI.replace(
    'apps = winchester.yagi_handler.WinchesterHandler',
    'apps = yagi.handler.shoebox_handler.ShoeboxHandler, winchester.yagi_handler.WinchesterHandler, yagi.handler.atompub_handler.AtomPub',
  )
    .replace(
      'apps = winchester.yagi_handler:WinchesterHandler',
      'apps = shoebox_handler:ShoeboxHandler, yagi.handler.NullHandler',
    )
    .replace('shoebox_handler:ShoeboxHandler', 'yagi.handler.shoebox_handler:ShoeboxHandler')
    .concat('[shoebox]\nworking_directory = a\n[shoebox:q2]\nworking_directory = b\n')
    .concat('[atompub]\nurl = http://feed/\nretries = 2\n[atompub:q1]\nurl = http://other/\n')
    .concat('[filters]\nWinchesterHandler = compute.*, x\n[discard_filters]\natompub = x\n')
  const { config, findings } = await yagiOf(text)
  expect(findings).toEqual([])
  const [one, two] = config?.yagi?.queues ?? []
  expect(
    [one?.archive?.workingDirectory, two?.archive?.workingDirectory].map((folder) =>
      folder?.split('/').at(-1),
    ),
  ).toEqual(['a', 'b'])
  expect(one?.apps.map(({ name, accepts }) => [name, accepts('x'), accepts('volume.a')])).toEqual([
    ['ShoeboxHandler', true, true],
    ['WinchesterHandler', true, false],
    ['AtomPub', false, true],
  ])
  expect(one?.apps[2]).toMatchObject({ values: { url: 'http://other/', retries: 2, interval: 30 } })
  expect(two?.apps.map(({ kind }) => kind)).toEqual(['shoebox', 'null'])
})

test('check loads the module of an own app and makes no app of it', async () => {
  const files = {
    ...FILES,
    'mine.mjs': `globalThis.loads = (globalThis.loads ?? 0) + 1
export class Mine {
  constructor() { throw new Error('made') }
  handleMessages() {}
}
export class Idle {}`,
    'yagi.conf': YAGI.replace('apps = winchester.yagi_handler:', 'apps = ./mine.mjs:Mine, ./mine.mjs:Idle, '),
  }
  const file = join(folderWith(files), 'yagi.conf')
  const { findings } = await checkConfig(file, {}, { mode: 'check', checkHandlers: handlerFaults })
  expect(findings.map(({ message }) => message)).toEqual([
    expect.stringContaining('mine.mjs:Idle: Idle lacks handleMessages(); expected methods of the class'),
  ])
  expect(globalThis).toMatchObject({ loads: 1 })
  const { config } = await checkConfig(file, {})
  expect(config?.yagi?.queues[1]?.apps[0]).toMatchObject({ kind: 'own', name: 'Mine', values: {} })
})

test('keys of apps are read by their schemas', async () => {
  const sections = `[elasticsearch]
elasticsearch_host = es:9200
distiller_config = nosuch.yaml
[cufpub]
url = http://feed/
retries = many
failures_before_reauth = 3
[handler_auth]
user = u
[event_feed]
atom_categories = REGION=north
`
  const apps = 'apps = ElasticsearchHandler, CufPub, winchester.yagi_handler:'
  const { findings } = await yagiOf(YAGI.replace('apps = winchester.yagi_handler:', apps) + sections)
  expect(findings.map(({ severity, message }) => `${severity} ${message}`)).toEqual([
    'warning failures_before_reauth: is accepted and has no effect',
    'error retries: expected a number of at least -1, found "many"',
    expect.stringMatching(/^error cannot read the configuration .*nosuch.yaml/),
  ])
  const { config } = await checkConfig(
    join(
      folderWith({
        ...FILES,
        'yagi.conf': YAGI.replace('apps = winchester.yagi_handler:', apps) + sections.replace('many', '5'),
      }),
      'yagi.conf',
    ),
    {},
  )
  expect(config?.yagi?.queues[1]?.apps.map(({ values }) => values)).toMatchObject([
    {
      elasticsearch_host: 'es:9200',
      index: 'stacktach-events',
      region: undefined,
      distiller_config: expect.stringMatching(/^\/.*nosuch.yaml$/),
    },
    { url: 'http://feed/', retries: 5, user: 'u', max_wait: 600, atom_categories: ['REGION=north'] },
    {},
  ])
})

test('a queue has filters of its own', async () => {
  const queue = `${YAGI.replace('apps = winchester.yagi_handler.WinchesterHandler', 'apps = WinchesterHandler')}`
  const { config, findings } = await yagiOf(
    `${queue}[filters]\nwinchester = a.*\n[filters:q1]\nwinchester = b.*\n[exclude_filters:q1]\nwinchester = b.no\n`,
  )
  expect(findings).toEqual([])
  const accepted = config?.yagi?.queues.map(({ apps }) =>
    ['a.x', 'b.x', 'b.no'].filter((type) => apps[0]?.accepts(type)),
  )
  expect(accepted).toEqual([['b.x'], ['a.x']])
})

test('a handler that no pipeline uses and nobody could is told', async () => {
  const findings = await findingsOf({
    'winchester.yaml': `${FILES['winchester.yaml']}pipeline_handlers: {spare: ./nosuch.mjs:X, logger: logger}\n`,
  })
  expect(findings).toEqual([
    {
      at: 'winchester.yaml:7:28',
      code: 'handler',
      message: expect.stringContaining('spare: ./nosuch.mjs:X: the module cannot be loaded'),
      severity: 'warning',
    },
  ])
})

test('a parameter of a handler without effect is told at its place', async () => {
  const findings = await findingsOf({
    'pipelines.yaml':
      'go:\n- name: notabene\n  params: {exchange: e, queue_name: q, library: librabbitmq}\n- logger\n',
  })
  expect(findings).toEqual([
    {
      at: 'pipelines.yaml:3:40',
      code: 'unused',
      message: 'notabene: library: is accepted and has no effect',
      severity: 'warning',
    },
  ])
})

test('a file that is not there is one clear sentence', async () => {
  await expect(loadConfig('/nosuch/winchester.yaml', {})).rejects.toThrow(
    /^cannot read the configuration \/nosuch\/winchester.yaml/,
  )
  await expect(loadConfig('/nosuch/winchester.yaml', {})).rejects.toBeInstanceOf(ConfigError)
})

test('faults of one kind hide none of another', async () => {
  const findings = await findingsOf({
    'winchester.yaml': FILES['winchester.yaml'].replace('url:', 'ulr:').concat('statistics_period: fast\n'),
    'events.yaml': '- event_type: x\n- event_type: y\n  traits: {host: {fields: "b.["}}\n',
    'triggers.yaml': `- {name: faulty, fire_pipeline: nope}\n${FILES['triggers.yaml'].replace('1h', '2q').replace('go', 'nope')}`,
    'pipelines.yaml': 'go: [loger]\nfaulty: 5\n',
  })
  expect(findings.map(({ at, code }) => `${at} ${code}`).sort()).toEqual([
    'events.yaml:1:3 shape',
    'events.yaml:3:28 field-path',
    'pipelines.yaml:1:6 handler',
    'pipelines.yaml:2:9 shape',
    'triggers.yaml:1:3 shape',
    'triggers.yaml:1:3 shape',
    'triggers.yaml:1:3 shape',
    'triggers.yaml:7:15 time-expression',
    'triggers.yaml:8:18 unknown-pipeline',
    'winchester.yaml:3:3 shape',
    'winchester.yaml:7:20 shape',
  ])
})

test.each([
  'postgres://u:pw@h/db',
  'mysql://u:s p#x@host:notaport/db',
  'mysql://u:p#x@host/db',
  'mysql:///db',
])('the database URL %s is refused, and its password is not told', async (url) => {
  const findings = await findingsOf({
    'winchester.yaml': FILES['winchester.yaml'].replace('sqlite::memory:', url),
  })
  expect(findings).toMatchObject([{ at: 'winchester.yaml:3:9', severity: 'error', code: 'url' }])
  expect(findings[0]?.message).not.toMatch(/pw|s p/)
})

test.each(['amqp://u:p@ho st:bad/', 'http://u:p@h/', 'amqp://u:p#x@h/'])(
  'the broker URL %s is refused',
  async (url) => {
    const text = YAGI.replace('host = bus\nuser = me\npassword = p@ss', `url = ${url}`)
    const { findings, config } = await yagiOf(text)
    expect(config).toBeUndefined()
    expect(findings).toMatchObject([
      { severity: 'error', message: expect.stringContaining('expected amqp://') },
    ])
  },
)

test('a yagi.conf tells where it names a winchester.yaml that is missing, and whose key stands in the wrong section', async () => {
  const text = `[winchester]
config_file = nosuch.yaml
[consumer]
queues = q
[consumers]
queues = q
[consumer:q]
apps = yagi.handler.NullHandler
`
  const folder = folderWith({ 'yagi.conf': text })
  const { findings } = await checkConfig(join(folder, 'yagi.conf'), {})
  expect(findings).toMatchObject([
    {
      position: { line: 4, column: 1 },
      message: 'unknown key "queues" in [consumer]; it is a key of [consumers]',
    },
    { position: { line: 2 }, message: expect.stringContaining('config_file: cannot read ') },
  ])
})
