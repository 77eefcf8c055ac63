import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskSecrets } from '../../../src/text/mask-secrets.ts'
import { SECRET_NAME } from '../../../src/text/secret-names.ts'

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

/** What is masked, as a regular expression says it that takes long for some texts. */
const FIELD = new RegExp(`(\\\\*)"(${SECRET_NAME})\\1"(\\s*:\\s*)\\1"(?:(?!(?<!\\\\)\\1").)*`, 'gis')

const piece = fc.constantFrom(
  '\\',
  '\\',
  '"',
  '"',
  'token',
  'auth_token',
  'password',
  'api_key',
  ':',
  ' ',
  '\n',
  'x',
  '{',
  '\\"token\\":\\"',
)

test('what is masked does not depend on what stands around it', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('')
      expect(maskSecrets(text)).toBe(text.replace(FIELD, '$1"$2$1"$3$1"***'))
    }),
    { numRuns: 20_000 },
  )
})

const N = 4_000_000

// In time that grows with the square of their length these would take days.
test.each([
  ['backslashes', '\\'.repeat(N)],
  ['a value of backslashes', `"token":"${'\\'.repeat(N)}`],
  [
    'a name behind backslashes',
    `${'\\'.repeat(N)}"token${'\\'.repeat(N)}":${'\\'.repeat(N)}"${'\\'.repeat(N)}x"`,
  ],
  ['names', '"token":"'.repeat(N / 9)],
  ['names without values', '"token"'.repeat(N / 7)],
  ['names and backslashes', '"token\\\\"'.repeat(N / 10)],
  ['blanks', `"token"${' '.repeat(N)}:${' '.repeat(N)}x`],
  ['backslashes in a value', `\\"token\\":\\"${'a\\'.repeat(N / 2)}`],
  ['quotes', '"'.repeat(N)],
  ['a name of a name', `"${'token'.repeat(N / 5)}"`],
  ['a long name', `"${'a'.repeat(N)}"`],
])('the time it takes is that of its length: %s', (_, text) => {
  expect(maskSecrets(text).length).toBeGreaterThan(0)
})
