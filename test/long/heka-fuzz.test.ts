import { expect, test } from 'vitest'
import { vectorBytes, wireVectors } from '../support/heka/vectors.ts'
import { checkFrames, FrameMutator } from '../support/heka/wire-fuzz.ts'

const FRAMES = 10_000_000
const SEED = 20_261_130

test('ten million random and mutated frames: none breaks the receiver, none hangs it, and memory stays', () => {
  const bodies = wireVectors()
    .cases.filter(({ kind }) => kind === 'decode-message')
    .map(({ bytes = '' }) => vectorBytes(bytes))
  const mutator = new FrameMutator(SEED, bodies)
  function* frames(count: number) {
    for (let made = 0; made < count; made++) yield mutator.next()
  }
  checkFrames(frames(FRAMES / 20), 50)
  const before = process.memoryUsage().rss
  const good = checkFrames(frames(FRAMES), 50)
  const grown = (process.memoryUsage().rss - before) / 2 ** 20
  console.log(`${good} good messages in ${FRAMES} frames, ${grown.toFixed(1)} MB more than before`)
  expect(good).toBeGreaterThan(FRAMES / 20)
  expect(grown).toBeLessThan(64)
})
