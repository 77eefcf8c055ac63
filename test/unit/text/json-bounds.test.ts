import { expect, test } from 'vitest'
import { excessOf } from '../../../src/text/json-bounds.ts'

const BOUNDS = { depth: 10, values: 50_000 }
const LONG = 70_000

test.each([
  ['as deep as is allowed', `${'['.repeat(10)}${'"x"'.padEnd(LONG)}${']'.repeat(10)}`, undefined],
  ['deeper', `${'[{"a":'.repeat(6)}1${'}]'.repeat(6)}`.padEnd(LONG), 'it is nested more than 10 deep'],
  ['many lists in a row', `[${'[],'.repeat(30_000)}[]]`, 'it holds more than 50000 values'],
  ['many numbers', `[${'1,'.repeat(60_000)}1]`, 'it holds more than 50000 values'],
  ['one text of brackets and commas', `["${'[,{\\"'.repeat(60_000)}"]`, undefined],
  [
    'a text that ends in a backslash',
    `["${'x'.repeat(LONG)}\\\\",${'['.repeat(20)}`,
    'it is nested more than 10 deep',
  ],
  ['a text that never ends', `["${'['.repeat(LONG)}`, undefined],
])('%s', (_, text, excess) => {
  expect(excessOf(text, BOUNDS)).toBe(excess)
})

test('what is short is not looked at', () => {
  expect(excessOf('['.repeat(60_000), BOUNDS)).toBeUndefined()
})
