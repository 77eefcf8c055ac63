import { expect, test } from 'vitest'
import { ClaimSize } from '../../../src/pipeline/claim-size.ts'

function sizes(batchSize: number, ...times: readonly number[]): number[] {
  const claim = new ClaimSize(batchSize)
  return [
    claim.size,
    ...times.map((ms) => {
      claim.adjust(ms)
      return claim.size
    }),
  ]
}

test('claims that are worked off fast are followed by larger ones', () => {
  expect(sizes(1000, 10, 10, 10, 10)).toEqual([100, 200, 400, 500, 500])
})

test('claims that take long are followed by smaller ones', () => {
  expect(sizes(1000, 5000, 5000, 5000, 500, 10)).toEqual([100, 50, 25, 12, 12, 24])
  expect(sizes(3, 5000, 5000, 5000)).toEqual([3, 1, 1, 1])
})

test('no claim is larger than a batch', () => {
  expect(sizes(150, 10, 10)).toEqual([100, 150, 150])
  expect(sizes(10, 10)).toEqual([10, 10])
})
