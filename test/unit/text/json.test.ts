import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson, stringifyJson } from '../../../src/text/json.ts'

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

test('integers of any length stay exact wherever they stand', () => {
  const number = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  fc.assert(
    fc.property(fc.string(), number, fc.nat(40), (text, value, blanks) => {
      const json = `${' '.repeat(blanks)}{"text":${JSON.stringify(text)},"value":${value}}`
      const parsed = parseJson(json) as { text: string; value: number | bigint }
      expect(parsed.text).toBe(text)
      expect(BigInt(parsed.value)).toBe(value)
    }),
  )
})

test('NaN and Infinity, as Python writes them, are no values; texts of the same words are texts', () => {
  const read = parseJson('{"a":[NaN,Infinity,-Infinity,0],"NaN":"Infinity, NaN","n":12345678901234567890}')
  expect(read).toEqual({ a: [null, null, null, 0], NaN: 'Infinity, NaN', n: 12345678901234567890n })
})
