import { describe, expect, test } from 'vitest'
import { maskSecrets } from '../../../src/text/mask-secrets.ts'
import { isSecretName, withoutSecretValues } from '../../../src/text/secret-names.ts'

describe.each([
  'token',
  'auth_token',
  '_context_auth_token',
  '_context_token',
  'access_token',
  'X-Auth-Token',
  'password',
  'Password',
  'authorization',
  'Authorization',
  'admin_pass',
  'adminPass',
  'secret',
  'auth_key',
  'api-key',
  'apikey',
  'x-api-key',
  'api_key',
])('%s is the name of a secret', (name) => {
  test('for parameters, headers and traits', () => expect(isSecretName(name)).toBe(true))

  test('in a message', () => expect(maskSecrets(`{"${name}": "s3cr3t"}`)).toBe(`{"${name}": "***"}`))

  test('in the log', () =>
    expect(withoutSecretValues({ of: [{ [name]: 's3cr3t', x: 1 }] })).toEqual({
      of: [{ [name]: '***', x: 1 }],
    }))
})

test.each(['tokens', 'token_id', 'key', 'user', 'password_file', 'event_type', 'secretary'])(
  '%s is the name of none',
  (name) => expect(isSecretName(name)).toBe(false),
)

test('what holds no secret is the same value', () => {
  const error = new Error('token')
  const value = { error, stream: 1, list: [{ a: null }], token: null }
  expect(withoutSecretValues(value)).toBe(value)
})
