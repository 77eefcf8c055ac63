import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const PROGRAM = `
import { createLogger } from '${new URL('../../../src/runtime/logger.ts', import.meta.url)}'
const logger = createLogger('info', { api_key: 's3cr3t' })
logger.info({ stream: 1, headers: { of: [{ authorization: 's3cr3t' }] } }, 'a line')
logger.child({ auth_token: 's3cr3t', queue: 'q' }).child({ secret: 's3cr3t' }).warn({ password: 's3cr3t' }, 'a child')
`

test('no line of the log holds a secret, of children neither', () => {
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' })
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toMatchObject([
    { level: 'info', msg: 'a line', stream: 1, api_key: '***', headers: { of: [{ authorization: '***' }] } },
    { level: 'warn', msg: 'a child', queue: 'q', auth_token: '***', secret: '***', password: '***' },
  ])
  expect(stderr).not.toContain('s3cr3t')
})

const TROUBLE = `
import { createLogger } from '${new URL('../../../src/runtime/logger.ts', import.meta.url)}'
const logger = createLogger('info')
const url = 'amqp://me:s3cr3t@mq1/'
logger.warn({ err: new Error('no answer from ' + url) }, 'cannot reach ' + url)
logger.warn({ answer: JSON.stringify({ headers: { 'X-Auth-Token': 's3cr3t' } }) }, 'echo: Authorization: Bearer s3cr3t-7Q\\r\\nHost: h')
logger.child({ hook: 'https://hooks.example/services/T0/B0/s3cr3t' }).info({ host: 'c1', deep: { a: [[{ admin_pass: ['s3cr3t'] }]] } }, 'password="s3cr3t", \x1b[2J\x9b2J \u202e')
`

test('sentences, errors, addresses and repeated answers hold no secrets, and nothing controls a terminal', () => {
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', TROUBLE], { encoding: 'utf8' })
  expect(stderr).not.toMatch(/s3cr3t/)
  expect(stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u)
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toMatchObject([
    { msg: 'cannot reach amqp://me:***@mq1/', err: { message: 'no answer from amqp://me:***@mq1/' } },
    { msg: 'echo: Authorization: Bearer ***\r\nHost: h', answer: '{"headers":{"X-Auth-Token":"***"}}' },
    { hook: 'https://hooks.example/***', host: 'c1', deep: { a: [[{ admin_pass: '***' }]] } },
  ])
  expect(lines[2].msg).toBe('password="***", \u001b[2J\u009b2J \u202e')
})
