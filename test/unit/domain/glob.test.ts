import { expect, test } from 'vitest'
import { compileEventTypeFilter } from '../../../src/domain/event-type-filter.ts'
import { compileGlob } from '../../../src/domain/glob.ts'

test.each([
  ['compute.*', 'compute.instance.update', true],
  ['compute.*', 'Compute.instance', false],
  ['*.end', 'a.end', true],
  ['*.end', 'a.end.x', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['[a-c]x', 'bx', true],
  ['[!a-c]x', 'bx', false],
  ['[!a-c]x', 'dx', true],
  ['[]]', ']', true],
  ['[abc', '[abc', true],
  ['**a**', 'bab', true],
  ['', '', true],
  ['x.y', 'x.y', true],
  ['x.y', 'xzy', false],
])('%s on %s: %s', (pattern, text, expected) => {
  expect(compileGlob(pattern)(text)).toBe(expected)
})

test('nested stars over a long text end at once', () => {
  const pattern = `${'*a'.repeat(30)}b`
  expect(compileGlob(pattern)('a'.repeat(20_000))).toBe(false)
})

test.each([
  [['compute.*', '!compute.instance.exists'], 'compute.instance.exists', false],
  [['compute.*', '!compute.instance.exists'], 'compute.instance.update', true],
  [['!a.*', '!b.*'], 'c.x', true],
  [['!a.*', '!b.*'], 'b.x', false],
  ['!a.*', 'a.x', false],
  ['a.*', 'a.x', true],
] as const)('%j on %s: %s', (patterns, type, expected) => {
  expect(compileEventTypeFilter(patterns)(type)).toBe(expected)
})
