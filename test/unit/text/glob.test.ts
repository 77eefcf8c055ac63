import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileEventTypeFilter } from '../../../src/text/event-type-filter.ts'
import { compileGlob } from '../../../src/text/glob.ts'

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

const SAME: { readonly [piece: string]: string } = { '*': '.*', '?': '.', '[!a]': '[^a]' }

test('a glob agrees with the same as a regular expression', () => {
  const piece = fc.constantFrom('*', '?', 'a', 'b', '.', '[ab]', '[!a]', '[a-b]', '$', '(')
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '$', '('), maxLength: 8 })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), text, (pieces, tried) => {
      const source = pieces.map((one) => SAME[one] ?? (one.length > 1 ? one : RegExp.escape(one))).join('')
      expect(compileGlob(pieces.join(''))(tried)).toBe(new RegExp(`^${source}$`, 's').test(tried))
    }),
    { numRuns: 5000 },
  )
})

test('any pattern is a glob', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (pattern, text) => {
      expect(typeof compileGlob(pattern)(text)).toBe('boolean')
    }),
    { numRuns: 2000 },
  )
})
