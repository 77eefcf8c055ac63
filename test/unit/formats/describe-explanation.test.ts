import { expect, test } from 'vitest'
import { describeExplanation } from '../../../src/formats/describe-explanation.ts'

const LATEST = { message_id: 'm7', event_type: 'compute.instance.exists', timestamp: '2026-01-02T00:06:27' }

test('an explanation begins with the answer, and has what nearly met a criterion below the criterion', () => {
  const text = describeExplanation({
    id: 17,
    name: 'instance_day',
    state: 'active',
    why: [
      'It has not fired: 1 of 2 fire criteria is not met.',
      'It expires at 2026-01-04T00:00:00, in 2 days.',
    ],
    fire_criteria: [
      { criterion: 'event_type: a', needed: 1, seen: 1, is_met: true, misses: [], other_types: [] },
      {
        criterion: 'event_type: b, traits: {state: active}',
        needed: 2,
        seen: 0,
        is_met: false,
        misses: [
          { reason: 'trait state is not "active"', events: 1, latest: LATEST },
          { reason: 'trait state is missing', events: 3, latest: LATEST },
        ],
        other_types: [],
      },
      { criterion: '', needed: 5, seen: null, is_met: false, misses: [], other_types: ['x', 'y'] },
    ],
    event_count: 1,
    attempts: 0,
    last_error: null,
  })
  expect(text).toBe(`stream 17 of instance_day: active, 1 event
  It has not fired: 1 of 2 fire criteria is not met.
  It expires at 2026-01-04T00:00:00, in 2 days.
fire criteria:
  met (1 of 1): event_type: a
  not met (0 of 2): event_type: b, traits: {state: active}
    1 event: trait state is not "active"; compute.instance.exists m7 of 2026-01-02T00:06:27
    3 events: trait state is missing; the latest is compute.instance.exists m7 of 2026-01-02T00:06:27
  not met (not counted yet): any event
    no event has its type; there are x, y
`)
})

test('the error of the last run comes last, line by line', () => {
  const text = describeExplanation({
    id: 1,
    name: 't',
    state: 'error',
    why: ['It failed.'],
    fire_criteria: [],
    event_count: 2,
    attempts: 4,
    last_error: 'webhook: Error: refused\n    at send',
  })
  expect(text).toBe(
    'stream 1 of t: error, 2 events\n  It failed.\nlast error:\n  webhook: Error: refused\n      at send\n',
  )
})
