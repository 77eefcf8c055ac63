import { expect, test } from 'vitest'
import { didYouMean } from '../../../src/text/suggest.ts'

const KNOWN = ['memory_mb', 'disk_gb', 'state', 'stage']

test.each([
  ['memroy_mb', 'memory_mb'],
  ['DISK_GB', 'disk_gb'],
  ['stat', 'state'],
  ['stages', 'stage'],
  ['satte', 'state'],
  ['vcpus', undefined],
  ['x'.repeat(5000), undefined],
])('%s: %s', (name, expected) => {
  expect(didYouMean(name, KNOWN)).toBe(expected === undefined ? '' : `; did you mean "${expected}"?`)
})

test('of equally close names the first is meant', () => {
  expect(didYouMean('stale', KNOWN)).toBe('; did you mean "state"?')
})
