import { expect, test } from 'vitest'
import { withOptionNames } from '../../../src/klugman/option-names.ts'

test.each([
  ['from_datetime: "0000" is no time', '--from: "0000" is no time'],
  ['younger_than: "x"', '--from: "x"'],
  ['distinguishing_traits: expected', '--traits: expected'],
  ['the server: is away', 'the server: is away'],
])('%s is told as %s', (sentence, told) => {
  expect(withOptionNames(sentence)).toBe(told)
})
