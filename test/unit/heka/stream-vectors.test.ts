import { expect, test } from 'vitest'
import { Counters } from '../../../src/heka/receivers/counters.ts'
import { createFrameIntake } from '../../../src/heka/receivers/frame-intake.ts'
import { Intake } from '../../../src/heka/receivers/intake.ts'
import { digestOf, vectorBytes, wireVectors } from '../../support/heka/vectors.ts'

const { cases, signers: shared } = wireVectors()
const streams = cases.filter(({ kind }) => kind === 'stream')

/** Returns how signatures are checked: not at all, or by the keys of these signers. */
function rulesOf(isSkipped: boolean | undefined, signers: { readonly [name: string]: string }) {
  const rules = { signers: new Map(Object.entries(signers)), isRequired: false }
  return () => (isSkipped ? undefined : rules)
}

test.each(streams)('$id $title', (vector) => {
  const { chunks = [], target, signers = shared, maxMessageSize = 65_536, skipAuthentication } = vector
  const relayed: Buffer[] = []
  const counters = new Counters()
  const splitter = createFrameIntake({
    intake: new Intake(),
    relay: (bytes, from, end) => relayed.push(Buffer.from(bytes.subarray(from, end))),
    counters,
    mostMessageBytes: maxMessageSize,
    signatures: rulesOf(skipAuthentication, signers),
  })
  // A buffer of its own each, filled with other bytes afterwards: nothing may keep a part of it.
  for (const chunk of chunks) {
    const bytes = Buffer.from(vectorBytes(chunk))
    splitter.push(bytes)
    bytes.fill(0x1e)
  }
  splitter.end()
  expect({
    rejected: counters.get('rejectedCount'),
    undecodable: counters.get('undecodableCount'),
    skipped: counters.get('skipped'),
    relayed: relayed.map((bytes, index) => digestOf(bytes, target?.relayed[index])),
  }).toEqual(target)
})

test('however a stream is cut into chunks, the same messages are found', () => {
  for (const {
    chunks = [],
    target,
    signers = shared,
    maxMessageSize = 65_536,
    skipAuthentication,
  } of streams) {
    const whole = Buffer.concat(chunks.map(vectorBytes))
    for (const size of [1, 64]) {
      if (whole.length / size > 5000) continue
      let relayed = 0
      const splitter = createFrameIntake({
        intake: new Intake(),
        relay: () => relayed++,
        counters: new Counters(),
        mostMessageBytes: maxMessageSize,
        signatures: rulesOf(skipAuthentication, signers),
      })
      for (let at = 0; at < whole.length; at += size)
        splitter.push(Buffer.from(whole.subarray(at, at + size)))
      expect(relayed).toBe(target?.relayed.length)
    }
  }
})
