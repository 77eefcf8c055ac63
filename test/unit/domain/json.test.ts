import { expect, test } from 'vitest'
import { parseJson, stringifyJson } from '../../../src/domain/json.ts'

test.each([
  ['{"a":9223372036854775807}', { a: 9_223_372_036_854_775_807n }],
  ['[-9007199254740993]', [-9_007_199_254_740_993n]],
  ['[9007199254740991]', [9_007_199_254_740_991]],
  ['[1e300, 1234567890123456.5]', [1e300, 1_234_567_890_123_456.5]],
])('reads %s without losing a digit', (text, expected) => {
  expect(parseJson(text)).toEqual(expected)
})

test('writes bigints digit for digit', () => {
  expect(stringifyJson({ a: [9_223_372_036_854_775_807n, 1.5, 'x'] })).toBe(
    '{"a":[9223372036854775807,1.5,"x"]}',
  )
})
