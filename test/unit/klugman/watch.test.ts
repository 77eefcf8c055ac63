import { expect, test } from 'vitest'
import type { RestStream } from '../../../src/formats/rest-form.ts'
import { watchStreams } from '../../../src/klugman/watch.ts'

/** Streams from one id down to another. */
function streams(first: number, last: number, state = 'active'): RestStream[] {
  return Array.from({ length: first - last + 1 }, (_, index) => {
    const id = first - index
    return { id, state, _mark: String(id) } as unknown as RestStream
  })
}

test('streams that only come into sight because others went are not new; others are', async () => {
  const looks = [
    streams(1500, 501),
    // 1400 has gone and 500 comes into sight; 1501 is new, 600 in another state.
    [...streams(1501, 1401), ...streams(1399, 601), ...streams(600, 600, 'error'), ...streams(599, 500)],
  ]
  const printed: number[] = []
  await watchStreams(
    {
      page: async () => {
        const rows = looks.shift()
        if (looks.length === 0) process.emit('SIGTERM')
        return rows ?? []
      },
      count: async () => 0,
      all: () => {
        throw new Error('not asked for')
      },
    },
    {},
    { add: async ({ id }) => void printed.push(id), end: async () => {} },
  )
  expect(printed).toEqual([600, 1501])
})
