import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hash64, hash128 } from '../../../src/domain/hash.ts'
import { wellFormed } from '../../../src/text/well-formed.ts'

const ODD = [
  '\ud800',
  '\ud801',
  '\udc00',
  '\ufffd',
  'a\ud800',
  '\ud800a',
  '\udc00\ud800',
  '\ud83d\ude00',
  '\ud83d',
]

test('a text of whole characters has the hash of its bytes, as ever', () => {
  for (const text of ['', 'abc', 'é', '\u{1f600}', '\ufffd']) {
    const expected = createHash('sha256').update(text).digest('hex')
    expect(hash128(text)).toBe(expected.slice(0, 32))
    expect(hash64(text)).toBe(expected.slice(0, 16))
  }
})

test('halves of surrogate pairs are told apart, alone and beside others', () => {
  expect(new Set(ODD.map(hash128)).size).toBe(ODD.length)
  expect(new Set(ODD.map(hash64)).size).toBe(ODD.length)
})

test('halves of surrogate pairs are written as JSON writes them, and nothing else is touched', () => {
  expect(ODD.map(wellFormed)).toEqual([
    '\\ud800',
    '\\ud801',
    '\\udc00',
    '\ufffd',
    'a\\ud800',
    '\\ud800a',
    '\\udc00\\ud800',
    '\u{1f600}',
    '\\ud83d',
  ])
})
