import { expect, test } from 'vitest'
import { compareOutcomes, type Difference } from '../../../../src/replay/compare/compare-outcomes.ts'
import type { Outcome } from '../../../../src/replay/compare/outcome.ts'

const OPTIONS = { hasExactTimes: true, madeTypes: new Set(['made']) }

function outcome(fields: Partial<Outcome>, events: { readonly [id: string]: string } = { a: 'x' }): Outcome {
  return {
    ends: 'fires',
    endsAt: 5,
    firstEvent: 1,
    lastEvent: 2,
    events: new Map(Object.entries(events)),
    ...fields,
  }
}

test.each<[string, Outcome[], Outcome[], Difference[]]>([
  ['nothing', [outcome({})], [outcome({})], []],
  ['a new stream', [], [outcome({})], [{ what: 'streams', before: 0, after: 1 }]],
  [
    'the end',
    [outcome({})],
    [outcome({ ends: 'expires', endsAt: 9 })],
    [{ what: 'ends', stream: 1, before: 'fires', after: 'expires' }],
  ],
  [
    'the time',
    [outcome({})],
    [outcome({ endsAt: 6 })],
    [{ what: 'ends_at', stream: 1, before: 5, after: 6 }],
  ],
  [
    'events of the second stream',
    [outcome({}), outcome({ firstEvent: 3 }, { b: 'x' })],
    [outcome({ firstEvent: 3 }, { b: 'x', c: 'x' }), outcome({})],
    [{ what: 'events', stream: 2, only_before: [], only_after: ['c'] }],
  ],
  ['the ids of what pipelines made', [outcome({}, { m1: 'made' })], [outcome({}, { m2: 'made' })], []],
  [
    'the number of what pipelines made',
    [outcome({}, { m1: 'made' })],
    [outcome({}, { m2: 'made', m3: 'made' })],
    [{ what: 'events', stream: 1, only_before: [], only_after: ['m3'] }],
  ],
])('%s differs', (_, before, after, differences) => {
  expect(compareOutcomes(before, after, OPTIONS)).toEqual(differences)
})

test('times count only where they are exact', () => {
  expect(
    compareOutcomes([outcome({})], [outcome({ endsAt: 6 })], { ...OPTIONS, hasExactTimes: false }),
  ).toEqual([])
})
