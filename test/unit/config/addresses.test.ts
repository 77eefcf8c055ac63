import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkConfig, loadConfig } from '../../../src/config/load/load-config.ts'
import { findingsOf, SOUND_FILES } from '../../support/config-findings.ts'
import { folderWith } from '../../support/folders.ts'

function databaseAt(url: string) {
  return findingsOf({
    'winchester.yaml': SOUND_FILES['winchester.yaml'].replace('"sqlite::memory:"', JSON.stringify(url)),
  })
}

function brokerOf(keys: string) {
  const text = `[rabbit_broker]\n${keys}\n[consumers]\nqueues = q\n[consumer:q]\napps = winchester.yagi_handler.WinchesterHandler\n[winchester]\nconfig_file = winchester.yaml\n`
  return checkConfig(join(folderWith({ ...SOUND_FILES, 'yagi.conf': text }), 'yagi.conf'), {})
}

test.each<[string, ['error' | 'warning', RegExp][]]>([
  ['mysql://app:pa%ss@127.0.0.1:3306/winchester', []],
  ['mysql+pymysql://app:pw@db:3306/winchester?charset=utf8', []],
  ['mysql://app:pw@db/w?sslca=ca.pem', [['error', /^url: sslca is not understood/]]],
  ['mysql://app:pw@db/w?ssl_ca=/nonexistent.pem', [['error', /^url: cannot read \/nonexistent\.pem/]]],
  ['mysql://app:pw@db/w?ssl_ca=events.yaml', [['error', /events\.yaml cannot be used for TLS/]]],
  ['mysql://app:pw@db/w?local_infile=1', [['warning', /^url: local_infile is accepted and has no effect/]]],
  ['mysql://app:pw@a,b/w', [['error', /one host/]]],
  ['sqlite:', [['error', /^url: sqlite: names no file; expected sqlite:PATH/]]],
  ['sqlite:data/', [['error', /names no file/]]],
  ['sqlite:..', [['error', /names no file/]]],
  ['sqlite:x.db?mode=ro', [['error', /^url: sqlite: takes no parameters/]]],
  ['sqlite:./x.db', []],
])('check says of the database %s', async (url, expected) => {
  const found = await databaseAt(url)
  expect(found).toEqual(
    expected.map(([severity, message]) =>
      expect.objectContaining({
        at: 'winchester.yaml:3:9',
        severity,
        message: expect.stringMatching(message),
      }),
    ),
  )
})

test('what only tests a configuration needs no certificates', async () => {
  const text = SOUND_FILES['winchester.yaml'].replace('sqlite::memory:', 'mysql://u:p@h/db?ssl_ca=away.pem')
  const folder = folderWith({ ...SOUND_FILES, 'winchester.yaml': text })
  expect((await loadConfig(join(folder, 'winchester.yaml'), {})).warnings).toEqual([])
})

test.each([
  [
    'url = amqp://guest:guest@mq1:5672,guest:guest@mq2:5672/',
    'amqp://guest:guest@mq1:5672,guest:guest@mq2:5672/',
  ],
  ['host = mq1,mq2', 'amqp://guest:guest@mq1:5672,mq2:5672/%2F'],
  ['host = mq1:5, mq2\nport = 6\nuser = u\npassword = p,@', 'amqp://u:p%2C%40@mq1:5,mq2:6/%2F'],
  ['host = ::1\nssl = True\nport = 5671', 'amqps://guest:guest@[::1]:5671/%2F'],
])('a yagi.conf with %s means %s', async (keys, url) => {
  const { config, findings } = await brokerOf(keys)
  expect(findings).toEqual([])
  expect(config?.yagi?.broker.url).toBe(url)
})

test.each([
  ['host = mq 1', 'error', 'host', /^host: expected HOST/],
  ['url = amqp://mq1/?cacertfile=x', 'error', 'url', /ca_file, cert_file and key_file are keys/],
  [
    'url = amqp://mq1/?connection_timeout=5',
    'warning',
    'url',
    /connection_timeout is accepted and has no effect/,
  ],
  ['url = amqp://mq1/\nhost = mq2', 'warning', 'host', /^host: has no effect beside url/],
])('check says of a yagi.conf with %s', async (keys, severity, key, message) => {
  const { findings } = await brokerOf(keys)
  expect(findings).toMatchObject([
    { severity, path: `rabbit_broker.${key}`, message: expect.stringMatching(message) },
  ])
  expect(findings[0]?.position.line).toBe(keys.split('\n').findIndex((line) => line.startsWith(key)) + 2)
})

test('a key that stands in a section again is a warning with its place', async () => {
  const { findings } = await brokerOf(
    'host = a\nuser = u\nhost = b\n[consumers]\nqueues = other\n[rabbit_broker]\nuser = v',
  )
  const repeated = findings.filter(({ code }) => code === 'repeated-key')
  expect(repeated.map(({ message, position: { line } }) => [message, line])).toEqual([
    ['host: stands in [rabbit_broker] again; only the last one counts', 4],
    ['user: stands in [rabbit_broker] again; only the last one counts', 8],
    ['queues: stands in [consumers] again; only the last one counts', 10],
  ])
})
