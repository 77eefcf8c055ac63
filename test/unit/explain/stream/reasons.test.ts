import { describe, expect, test } from 'vitest'
import type { Stream } from '../../../../src/domain/stream.ts'
import { reasonsOf } from '../../../../src/explain/stream/reasons.ts'
import { at, routerOf } from '../../../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const MINUTE = 60_000_000
const [TRIGGER] = routerOf({ fire_delay: 3600, expire_pipeline: 'late' }).triggers

const STREAM: Stream = {
  ...{ id: 7, name: 'trigger', state: 'active', stateSerialNo: 0, eventCount: 1, generation: 0 },
  ...{ firstEvent: NOW, lastEvent: NOW, fireTimestamp: null, expireTimestamp: NOW + MINUTE },
  ...{ distinguishingTraits: {}, progress: {}, attempts: 0, lastError: null },
}

type Mode = 'auto' | 'wall'

function reasons(given: Partial<Stream>, now = NOW, mode: Mode = 'wall'): readonly string[] {
  const clock = { mode, now, wallNow: now, holds: [] }
  const claim = { claimedBy: null, leaseLeft: null, isQuiet: false }
  return reasonsOf({ stream: { ...STREAM, ...given }, claim, trigger: TRIGGER, clock }, [])
}

describe('a completed stream', () => {
  const done = { state: 'completed', stateSerialNo: 2 } as const
  test.each<[string, Partial<Stream>, string]>([
    ['that was due to fire first', { fireTimestamp: NOW }, 'It fired, and'],
    ['that could only expire', {}, 'It expired, and'],
    ['that was due for both', { fireTimestamp: NOW + 2 * MINUTE }, 'It is completed:'],
    ['that an operator expired', { fireTimestamp: NOW, stateSerialNo: 3 }, 'It is completed:'],
    ['that an operator fired', { stateSerialNo: 3 }, 'It is completed:'],
  ])('%s', (_, given, how) => {
    expect(reasons({ ...done, ...given })).toEqual([`${how} its pipeline has run.`])
  })
})

describe('a ready stream that expires before its fire_delay ends', () => {
  const ready = { fireTimestamp: NOW + 60 * MINUTE }
  const late = NOW + 120 * MINUTE

  test('says so', () => {
    expect(reasons(ready)).toEqual([
      'Its fire criteria are met, but it expires before it would fire, at 2026-01-01T01:00:00.',
      'It expires at 2026-01-01T00:01:00, in 60 seconds unless further events join it; the pipeline late runs then.',
    ])
  })

  test('has the kind that a worker chooses when both times are over', () => {
    expect(reasons(ready, late, 'auto')[0]).toMatch(/but it expires before it would fire/)
    expect(reasons(ready, late, 'wall')[0]).toMatch(/are met; it has been due since 2026-01-01T01:00:00/)
  })
})

describe('a stream that waits for another run', () => {
  test.each<[string, Partial<Stream>, string]>([
    ['reset, with its old error', { lastError: 'no' }, 'An operator set it going, or a worker gave it back'],
    ['fired by an operator', {}, 'An operator set it going, or a worker gave it back'],
    ['given back after a takeover', { attempts: 1 }, 'A worker gave it back'],
    ['that failed', { attempts: 2, lastError: 'no' }, '2 runs of its pipeline failed'],
  ])('%s', (_, given, why) => {
    const again = why.startsWith('An operator') ? 'runs' : 'runs again'
    expect(reasons({ state: 'retry_fire', ...given })).toEqual([
      `${why}; it ${again} as soon as a worker is free.`,
    ])
  })
})
