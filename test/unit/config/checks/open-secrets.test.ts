import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { handlerFaults } from '../../../../src/assembly/require-pipelines.ts'
import { checkConfig } from '../../../../src/config/load/load-config.ts'
import { SOUND_FILES } from '../../../support/config-findings.ts'
import { folderWith } from '../../../support/folders.ts'

async function findingsWith(password: string, mode: number) {
  const pipelines = `go:\n- logger\n- {name: notabene, params: {exchange: e, queue_name: q, password: ${password}}}\n`
  const folder = folderWith({ ...SOUND_FILES, 'pipelines.yaml': pipelines })
  chmodSync(join(folder, 'pipelines.yaml'), mode)
  const { findings } = await checkConfig(join(folder, 'winchester.yaml'), { PASSWORD: 'p' })
  return findings
}

test('a secret in a file that others can read is a finding, with its place and without the secret', async () => {
  const findings = await findingsWith('s3cr3t', 0o644)
  expect(findings).toMatchObject([
    {
      severity: 'warning',
      code: 'open-secret',
      path: 'go.1.params.password',
      position: { line: 3, column: 67 },
    },
  ])
  expect(JSON.stringify(findings)).not.toContain('s3cr3t')
})

test.each([
  ['s3cr3t', 0o600],
  ['s3cr3t', 0o640],
  ['"${PASSWORD}"', 0o644],
])('%j in a file of mode %o is none', async (password, mode) => {
  expect(await findingsWith(password, mode)).toEqual([])
})

test('headers and URLs may hold secrets too', async () => {
  const params = "{url: 'http://me:s3cr3t@host/', headers: {Authorization: Bearer s3cr3t, X-Of: us}}"
  const folder = folderWith({
    ...SOUND_FILES,
    'pipelines.yaml': `go: [{name: webhook, params: ${params}}]\n`,
  })
  chmodSync(join(folder, 'pipelines.yaml'), 0o644)
  const { findings, config } = await checkConfig(join(folder, 'winchester.yaml'), {})
  expect(findings.map(({ path }) => path)).toEqual(['go.0.params.url', 'go.0.params.headers.Authorization'])
  // It is no error: old deployments have them.
  expect(config).toBeDefined()
})

test('passwords of all files are found: of the database, of the broker, of feeds and of webhooks', async () => {
  const folder = folderWith({
    ...SOUND_FILES,
    'winchester.yaml':
      SOUND_FILES['winchester.yaml']?.replace(/url: .*/, 'url: mysql://me:s3cr3t@db/winchester') ?? '',
    'pipelines.yaml':
      'go:\n- {name: webhook, params: {url: "https://hooks.example/services/T000/B000/s3cr3t"}}\n- {name: webhook, params: {url: "https://h.example/take"}}\n',
    'yagi.conf': [
      '[rabbit_broker]',
      'host = mq1',
      'user = me',
      'password = s3cr3t',
      'management_url = http://me:s3cr3t@mq1:15672',
      '[consumers]',
      'queues = q',
      '[consumer:q]',
      'apps = winchester.yagi_handler.WinchesterHandler',
      'routing_key = q',
      '[atompub]',
      'url = http://feed.example/events',
      'key = s3cr3t',
      'key_file = /etc/key',
      '[winchester]',
      'config_file = winchester.yaml',
    ].join('\n'),
  })
  const files = ['yagi.conf', 'winchester.yaml', 'pipelines.yaml'].map((name) => join(folder, name))
  for (const file of files) chmodSync(file, 0o644)
  const open = await checkConfig(join(folder, 'yagi.conf'), {})
  const found = open.findings.filter(({ code }) => code === 'open-secret')
  expect(found.map(({ path, position }) => [path, position.line])).toEqual([
    ['rabbit_broker.password', 4],
    ['rabbit_broker.management_url', 5],
    ['atompub.key', 13],
    ['database.url', expect.any(Number)],
    ['go.0.params.url', 2],
  ])
  expect(found.every(({ severity }) => severity === 'warning')).toBe(true)
  expect(JSON.stringify(found)).not.toContain('s3cr3t')
  for (const file of files) chmodSync(file, 0o640)
  const closed = await checkConfig(join(folder, 'yagi.conf'), {})
  expect(closed.findings.filter(({ code }) => code === 'open-secret')).toEqual([])
})

test('the password of the database and those of yagi.conf are found too, but not guest, which everyone knows', async () => {
  const winchester = String(SOUND_FILES['winchester.yaml']).replace(
    /url: .*/,
    'url: mysql://me:s3cr3t@host/name',
  )
  const section = (password: string) => `[rabbit_broker]\npassword = ${password}\n`
  const rest =
    '[winchester]\nconfig_file = winchester.yaml\n[consumers]\nqueues = q\n[consumer:q]\napps = yagi.handler.NullHandler\n'
  const folder = folderWith({
    ...SOUND_FILES,
    'winchester.yaml': winchester,
    'yagi.conf': section('s3cr3t') + rest,
    'guest.conf': section('guest') + rest,
    'environment.conf': section('${PASSWORD}') + rest,
  })
  for (const name of ['winchester.yaml', 'yagi.conf', 'guest.conf', 'environment.conf'])
    chmodSync(join(folder, name), 0o644)
  const found = async (name: string) => {
    const { findings } = await checkConfig(join(folder, name), { PASSWORD: 'p' })
    return findings.map(({ path, severity }) => `${severity} ${path}`)
  }
  const database = 'warning database.url'
  expect(await found('yagi.conf')).toEqual(['warning rabbit_broker.password', database])
  expect(await found('guest.conf')).toEqual([database])
  expect(await found('environment.conf')).toEqual([database])
  chmodSync(join(folder, 'winchester.yaml'), 0o600)
  expect(await found('guest.conf')).toEqual([])
})

async function secretsIn(yaml: string, ini: string) {
  const folder = folderWith({ ...SOUND_FILES, 'pipelines.yaml': yaml, 'yagi.conf': ini })
  for (const name of ['pipelines.yaml', 'yagi.conf']) chmodSync(join(folder, name), 0o644)
  const { findings } = await checkConfig(join(folder, 'yagi.conf'), {})
  return findings.filter(({ code }) => code === 'open-secret').map(({ path }) => path)
}

const QUEUE =
  '[winchester]\nconfig_file = winchester.yaml\n[consumers]\nqueues = q\n[consumer:q]\napps = yagi.handler.NullHandler\n'

test.each([
  ['url = ${U:-amqp://nova:hunter2@rabbit:5672/}', ['rabbit_broker.url']],
  ['url = amqp://nova:${P:-hunter2}@rabbit:5672/', ['rabbit_broker.url']],
  ['password = ${P:-hunter2}', ['rabbit_broker.password']],
  ['url = amqp://guest:guest@localhost', []],
  ['url = ${U:-amqp://guest:guest@localhost}', []],
  ['url = amqp://${U}:${P}@rabbit:5672/', []],
  ['url = amqp://nova:${P:-}@rabbit:5672/', []],
  ['password = ${P:-guest}', []],
  ['url = amqp://a:hunter2@m1,b:guest@m2', ['rabbit_broker.url']],
])('what stands in yagi.conf, the defaults of variables too, is looked at: %s', async (line, expected) => {
  expect(await secretsIn('go: [logger]', `[rabbit_broker]\n${line}\n${QUEUE}`)).toEqual(expected)
})

test('numbers and flags of known keys are no secrets, whatever their names', async () => {
  const feed = '[atompub]\nurl = http://feed.example/events\nfailures_before_reauth = 3\nkey = 12345\n'
  expect(await secretsIn('go: [logger]', feed + QUEUE)).toEqual(['atompub.key'])
})

test.each([
  ['headers: {Authorization: "Bearer ${T}"}', []],
  ['headers: {Authorization: "Bearer ${T:-hunter2x}"}', ['go.0.params.headers.Authorization']],
  ['url: "https://hooks.example/services/${T}"', []],
  ['url: "https://hooks.example/services/${T:-T0/B0/hunter2}"', ['go.0.params.url']],
  ['url: "${U:-http://me:hunter2@host/}"', ['go.0.params.url']],
])(
  'what stands in a YAML file, the defaults of variables too, is looked at: %s',
  async (params, expected) => {
    const url = params.startsWith('url') ? '' : 'url: "http://host/", '
    expect(await secretsIn(`go: [{name: webhook, params: {${url}${params}}}]`, QUEUE)).toEqual(expected)
  },
)

test('options in lists, tokens in the place of users and keys in queries are found', async () => {
  const steps = [
    'go:',
    '- {name: exec, params: {command: [/bin/true, --api-token, s3cr3t, --verbose]}}',
    '- {name: webhook, params: {url: "https://s3cr3tabcdefgh012@host/"}}',
    '- {name: webhook, params: {url: "https://host/send?key=s3cr3t"}}',
  ]
  const folder = folderWith({ ...SOUND_FILES, 'pipelines.yaml': `${steps.join('\n')}\n` })
  chmodSync(join(folder, 'pipelines.yaml'), 0o644)
  const { findings } = await checkConfig(join(folder, 'winchester.yaml'), {})
  const found = findings.filter(({ code }) => code === 'open-secret')
  expect(found.map(({ path }) => path)).toEqual([
    'go.0.params.command.2',
    'go.1.params.url',
    'go.2.params.url',
  ])
  expect(JSON.stringify(found)).not.toContain('s3cr3t')
})

test.each([
  [0o644, ['api.tokens.read_file']],
  [0o640, ['api.tokens.read_file']],
  [0o600, []],
])('a file of tokens of mode %o', async (mode, expected) => {
  const winchester = `${SOUND_FILES['winchester.yaml']}\napi: {tokens: {read_file: tok}}\n`
  const folder = folderWith({ ...SOUND_FILES, 'winchester.yaml': winchester, tok: 's3cr3t' })
  chmodSync(join(folder, 'tok'), mode)
  const { findings } = await checkConfig(join(folder, 'winchester.yaml'), {})
  expect(findings.filter(({ code }) => code === 'open-secret').map(({ path }) => path)).toEqual(expected)
})

test.each([
  [0o644, ['database.url', 'rabbit_broker.key_file']],
  [0o640, []],
])('a private key of mode %o is warned of at %j', async (mode, paths) => {
  const url = 'mysql://me@db/winchester?ssl_ca=ca.pem&ssl_cert=cert.pem&ssl_key=key.pem'
  const folder = folderWith({
    ...SOUND_FILES,
    'winchester.yaml': SOUND_FILES['winchester.yaml']?.replace(/url: .*/, `url: ${url}`) ?? '',
    'key.pem': 'a key',
    'yagi.conf': [
      '[rabbit_broker]',
      'ssl = true',
      'cert_file = cert.pem',
      'key_file = key.pem',
      '[winchester]',
      'config_file = winchester.yaml',
      '[consumers]',
      'queues = monitor.info',
      '[consumer:monitor.info]',
      'apps = winchester.yagi_handler.WinchesterHandler',
    ].join('\n'),
  })
  chmodSync(join(folder, 'key.pem'), mode)
  const everything = { mode: 'check', checkHandlers: handlerFaults } as const
  const { findings } = await checkConfig(join(folder, 'yagi.conf'), {}, everything)
  const warnings = findings.filter(({ message }) => message.includes('private key that others can read'))
  expect(warnings.map(({ path }) => path)).toEqual(paths)
  const missing = findings.find(({ path }) => path === 'rabbit_broker.cert_file')?.message
  expect(missing).toContain(`cannot read ${join(folder, 'cert.pem')}`)
})
