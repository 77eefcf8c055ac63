import { expect, test } from 'vitest'
import { setOwn } from '../../../src/text/set-own.ts'

test('a property of any name is the own property of the object', () => {
  const values: { [name: string]: number } = {}
  for (const name of ['a', 'constructor', '__proto__']) setOwn(values, name, 1)
  expect(JSON.stringify(values)).toBe('{"a":1,"constructor":1,"__proto__":1}')
  expect(Object.getPrototypeOf(values)).toBe(Object.prototype)
})
