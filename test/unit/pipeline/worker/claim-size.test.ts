import { expect, test } from 'vitest'
import { ClaimSize } from '../../../../src/pipeline/worker/claim-size.ts'

function sizes(batchSize: number, ...runs: readonly (readonly [streams: number, ms: number])[]): number[] {
  const claim = new ClaimSize(batchSize, 4)
  return [
    claim.size,
    ...runs.map(([streams, ms]) => {
      claim.follow(streams, ms)
      return claim.size
    }),
  ]
}

test('a claim is as much as the handlers work off in a quarter of a second', () => {
  expect(sizes(1000, [100, 100], [250, 1000], [60, 150])).toEqual([100, 250, 62, 100])
})

test('where handlers are fast, it is the most there is', () => {
  expect(sizes(1000, [100, 10], [3, 0])).toEqual([100, 500, 500])
})

test('where they take long, every lane has work all the same', () => {
  expect(sizes(1000, [100, 90_000], [8, 5000])).toEqual([100, 8, 8])
})

test('no claim is larger than a batch', () => {
  expect(sizes(150, [100, 10])).toEqual([100, 150])
  expect(sizes(3, [3, 10], [3, 10_000])).toEqual([3, 3, 3])
})
