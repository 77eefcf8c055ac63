import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Trait } from '../../../src/domain/trait.ts'
import { decodeTraits, encodeTraits } from '../../../src/store/trait-codec.ts'

const trait: fc.Arbitrary<Trait> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), value: fc.string({ unit: 'binary' }) }),
  fc.record({ type: fc.constant('int' as const), value: fc.integer() }),
  fc.record({ type: fc.constant('int' as const), value: fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }) }),
  fc.record({
    type: fc.constant('float' as const),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
  }),
  fc.record({ type: fc.constant('datetime' as const), value: fc.integer() }),
)

test('traits come back as they were', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), trait), (traits) => {
      // JSON knows one zero only.
      for (const one of Object.values(traits)) fc.pre(!Object.is(one.value, -0))
      fc.pre(!Object.hasOwn(traits, '__proto__'))
      expect(decodeTraits(encodeTraits(traits))).toEqual({ ...traits })
    }),
  )
})

test('none is dropped', () => {
  expect(encodeTraits({ a: { type: 'none', value: null }, b: { type: 'int', value: 1 } })).toBe('{"b":1}')
  expect(encodeTraits({ a: { type: 'none', value: null } })).toBe('{}')
})
