import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compilePath } from '../../../src/distiller/path/compile-path.ts'
import { PathError } from '../../../src/distiller/path/path-error.ts'
import type { JsonValue } from '../../../src/domain/notification.ts'

const name = fc.constantFrom('a', 'b', 'payload', "'a b'", '*', 'key')
const index = fc.constantFrom('[0]', '[-1]', '[*]', '[1:3]', '[:2]', '[?key=a]', '[?(@.key > 1)]')
const call = fc.constantFrom(
  '`parent`',
  '`len`',
  '`sorted`',
  '`this`',
  '`split(., 1, 1)`',
  '`sub(/a+/, b)`',
  '`sub(/(?P<x>a)/, \\g<x>\\1)`',
)
const step = fc.oneof(name, index, call)

/** Paths put together from steps that the language knows. */
const path = fc
  .tuple(
    fc.constantFrom('$', 'payload', '(a|b)', '*'),
    fc.array(fc.tuple(fc.constantFrom('.', '..', '|', ' where '), step), { maxLength: 5 }),
  )
  .map(([first, steps]) => first + steps.map(([joint, part]) => joint + part).join(''))

const scribble = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof(step, fc.constantFrom('.', '..', '(', ')', '`', "'", '[', ']', '|', '?', '$')))
    .map((parts) => parts.join('')),
)

const document = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<JsonValue>(null, true, 0, 1.5, '', 'aa.b', 'a'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'payload', 'key', '__proto__', 'constructor'), tie('value'), {
      maxKeys: 4,
    }),
  ),
})).value

test('no text does more than be refused, with a place inside of it', () => {
  fc.assert(
    fc.property(scribble, (text) => {
      try {
        compilePath(text)
      } catch (error) {
        if (!(error instanceof PathError)) throw error
        expect(error.offset).toBeGreaterThanOrEqual(0)
        expect(error.offset).toBeLessThanOrEqual(text.length)
      }
    }),
    { numRuns: 5000 },
  )
})

test('a path finds what it finds in any document, and its first value is the first of all', () => {
  let read = 0
  fc.assert(
    fc.property(path, document, (text, value) => {
      let compiled: ReturnType<typeof compilePath>
      try {
        compiled = compilePath(text)
      } catch (error) {
        if (error instanceof PathError) return
        throw error
      }
      read++
      expect(compiled.findFirst(value)).toEqual(compiled.findAll(value)[0]?.value)
    }),
    { numRuns: 3000 },
  )
  expect(read).toBeGreaterThan(1000)
})

function nested(depth: number): JsonValue {
  let value: JsonValue = { a: 'a' }
  for (let level = 0; level < depth; level++) value = { a: value }
  return value
}

test.each([
  [
    'parents of wildcards',
    `payload${'.*.`parent`'.repeat(50)}`,
    { payload: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i])) },
  ],
  ['many descendants of a deep document', `$${'..a'.repeat(30)}`, nested(200)],
  ['wildcards upon wildcards', `$${'..*'.repeat(30)}`, nested(200)],
  ['a pattern with nested repeats', 'a.`sub(/(a+)+$/, x)`', { a: `${'a'.repeat(50_000)}b` }],
  ['a long path', `a${'.a'.repeat(100_000)}`, nested(10)],
  ['open parentheses', '('.repeat(100_000), {}],
  ['nested parentheses', `${'('.repeat(100_000)}a${')'.repeat(100_000)}`, {}],
  ['a long union', `a${'|a'.repeat(50_000)}`, nested(2)],
  ['open brackets', 'a['.repeat(100_000), {}],
] as const)('%s: an answer or a refusal', (_, text, value) => {
  try {
    expect(Array.isArray(compilePath(text).findAll(value))).toBe(true)
  } catch (error) {
    expect(error).toBeInstanceOf(PathError)
  }
})
