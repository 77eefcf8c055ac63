import { expect, test } from 'vitest'
import { mysqlLiteral } from '../../../../src/store/mysql/mysql-literal.ts'

test.each([
  [null, 'null'],
  [5, '5'],
  [-0.5, '-0.5'],
  [Buffer.from('00ff', 'hex'), "x'00ff'"],
  ['plain "text"', `'plain "text"'`],
  ["it's", "'it\\'s'"],
  ['back\\slash', "'back\\\\slash'"],
  ["\\' or 1 -- ", "'\\\\\\' or 1 -- '"],
])('%j is %s', (value, text) => {
  expect(mysqlLiteral(value)).toBe(text)
})

test('what is no number is refused', () => {
  expect(() => mysqlLiteral(Number.NaN)).toThrow('NaN cannot be stored; expected a finite number')
})
