import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkConfig } from '../../../../src/config/load/load-config.ts'
import { formatFinding } from '../../../../src/domain/errors.ts'
import { folderWith } from '../../../support/folders.ts'

async function loggingOf(files: { readonly [name: string]: string }, name = 'winchester.yaml') {
  const folder = folderWith(files)
  const { config, findings } = await checkConfig(join(folder, name), {})
  return {
    logging: config?.logging,
    findings: findings.map((finding) => formatFinding(finding).replaceAll(`${folder}/`, '')),
    folder,
  }
}

const DATABASE = "database: {url: 'sqlite::memory:'}\n"

test('log_level and log_file of winchester.yaml, with the names of Python too', async () => {
  const { logging, findings, folder } = await loggingOf({
    'winchester.yaml': `${DATABASE}log_level: WARNING\nlog_file: '%(proc_name)s.log'\n`,
  })
  expect(findings).toEqual([])
  expect(logging?.winchester).toMatchObject({
    level: 'warn',
    file: { path: join(folder, '%(proc_name)s.log'), position: { line: 3, column: 12 } },
  })
})

test('an unknown level is an error with its place', async () => {
  const { logging, findings } = await loggingOf({ 'winchester.yaml': `${DATABASE}log_level: inof\n` })
  expect(findings).toEqual([
    'winchester.yaml:2:12: log_level: expected one of debug, info, warn, error, silent, found "inof"; did you mean "info"?',
  ])
  expect(logging?.winchester.level).toBeUndefined()
})

const LOGGING_CONF = `[loggers]
keys=root,amqp

[handlers]
keys=console,file

[logger_root]
level=ERROR
handlers=console, file

[logger_amqp]
level=DEBUG
handlers=
qualname=amqp

[handler_console]
class=StreamHandler
args=(sys.stderr,)

[handler_file]
class=logging.handlers.WatchedFileHandler
args=('/var/log/stv3.log', 'a')
formatter=generic
`

test("of a file of Python's logging level and file of the root logger are taken", async () => {
  const { logging, findings } = await loggingOf({
    'winchester.yaml': `${DATABASE}log_level: debug\nlog_file: other.log\nlogging_config: logging.conf\n`,
    'logging.conf': LOGGING_CONF,
  })
  expect(findings).toEqual([])
  expect(logging?.winchester).toMatchObject({
    level: 'error',
    file: { path: '/var/log/stv3.log', position: { line: 22 } },
  })
})

test.each([
  [
    LOGGING_CONF.replace('logging.handlers.WatchedFileHandler', 'handlers.SysLogHandler'),
    'logging.conf:21:7: class: SysLogHandler is not available: expected one of FileHandler, WatchedFileHandler, RotatingFileHandler, TimedRotatingFileHandler, StreamHandler, NullHandler',
  ],
  [
    LOGGING_CONF.replace("('/var/log/stv3.log', 'a')", "(os.path.join('/var', 'x'),)"),
    "logging.conf:22:6: args: expected the path of a file in quotation marks, such as ('/var/log/stv3.log', 'a')",
  ],
  [
    LOGGING_CONF.replace('[handler_file]', '[handler_files]'),
    'logging.conf:9:10: handlers: there is no section [handler_file]',
  ],
  [
    '[loggers]\nkeys=root\n',
    'winchester.yaml:2:17: logging_config: logging.conf has no section [logger_root]',
  ],
])('what is not simple there is refused with its place', async (text, expected) => {
  const { logging, findings } = await loggingOf({
    'winchester.yaml': `${DATABASE}logging_config: logging.conf\n`,
    'logging.conf': text,
  })
  expect(findings).toEqual([expected])
  expect(logging).toBeUndefined()
})

test('a rotating handler is a plain file, with a warning', async () => {
  const { logging, findings } = await loggingOf({
    'winchester.yaml': `${DATABASE}logging_config: logging.conf\n`,
    'logging.conf': LOGGING_CONF.replace('WatchedFileHandler', 'RotatingFileHandler'),
  })
  expect(findings).toEqual([
    'logging.conf:21:7: warning: class: RotatingFileHandler does not turn files over here; logrotate does, and the log follows it',
  ])
  expect(logging?.winchester.file?.path).toBe('/var/log/stv3.log')
})

test('yagi.conf has settings of its own, beside those of winchester.yaml', async () => {
  const { logging, findings, folder } = await loggingOf(
    {
      'yagi.conf': `[consumers]
queues = q
[consumer:q]
apps = yagi.handler.NullHandler
[logging]
logfile = yagi.log
default_level = INFO
[winchester]
config_file = winchester.yaml
`,
      'winchester.yaml': `${DATABASE}log_level: debug\nlog_file: all.log\n`,
    },
    'yagi.conf',
  )
  expect(findings.filter((one) => one.includes('log'))).toEqual([])
  expect(logging).toMatchObject({
    yagi: { level: 'info', file: { path: join(folder, 'yagi.log'), position: { line: 6, column: 11 } } },
    winchester: { level: 'debug', file: { path: join(folder, 'all.log') } },
  })
})
