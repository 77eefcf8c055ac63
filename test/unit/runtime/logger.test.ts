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
