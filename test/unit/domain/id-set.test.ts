import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdSet } from '../../../src/domain/id-set.ts'

test('a set of ids has what was added, and nothing else', () => {
  const id = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 200_000 }), fc.maxSafeNat())
  fc.assert(
    fc.property(fc.array(id), fc.array(id), (added, others) => {
      const set = new IdSet()
      for (const one of added) set.add(one)
      for (const one of [...added, ...others]) expect(set.has(one)).toBe(added.includes(one))
    }),
  )
})
