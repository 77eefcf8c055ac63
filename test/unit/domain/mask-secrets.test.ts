import { expect, test } from 'vitest'
import { maskSecrets } from '../../../src/domain/mask-secrets.ts'

const SECRET = 'gAAAAABh-s3cr3t'

test.each([
  ['old style', JSON.stringify({ _context_auth_token: SECRET, payload: {} })],
  ['spaces', `{"auth_token" : "${SECRET}"}`],
  ['in the envelope', JSON.stringify({ 'oslo.message': JSON.stringify({ _context_auth_token: SECRET }) })],
  ['cut off', `{"payload": 1, "_context_auth_token": "${SECRET.slice(0, -1)}`],
  ['nested', JSON.stringify({ args: { context: { auth_token: SECRET, password: SECRET } } })],
  ['with quotes in it', JSON.stringify({ token: `${SECRET}"${SECRET}` })],
])('tokens are masked: %s', (_, json) => {
  const masked = maskSecrets(json)
  expect(masked).not.toContain(SECRET.slice(0, 8))
  expect(masked).toContain('***')
})

test('all else stays as it is', () => {
  const json = JSON.stringify({
    event_type: 'token.issued',
    message: 'the "token" is here',
    tokens: 5,
    auth_token: null,
  })
  expect(maskSecrets(json)).toBe(json)
})
