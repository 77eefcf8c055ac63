import { expect, test } from 'vitest'
import { corpusOf } from '../../support/corpus.ts'
import { vectorBytes, wireVectors } from '../../support/heka/vectors.ts'
import { checkFrames, FrameMutator } from '../../support/heka/wire-fuzz.ts'

const bodies = wireVectors()
  .cases.filter(({ kind }) => kind === 'decode-message')
  .map(({ bytes = '' }) => vectorBytes(bytes))

test('mutated frames break nothing (test/long has ten million)', () => {
  const mutator = new FrameMutator(7, bodies)
  const frames = {
    *[Symbol.iterator]() {
      for (let made = 0; made < 4000; made++) yield mutator.next()
    },
  }
  expect(checkFrames(frames)).toBeGreaterThan(300)
})

test('frames that did harm once break nothing any more', () => {
  const inputs = corpusOf('heka-frames')
  for (const input of inputs) checkFrames([input])
  expect(inputs.length).toBeGreaterThan(5)
})
