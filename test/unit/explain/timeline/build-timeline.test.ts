import { expect, test } from 'vitest'
import type { StoredEvent } from '../../../../src/domain/event.ts'
import type { Stream } from '../../../../src/domain/stream.ts'
import { formatIso } from '../../../../src/domain/time.ts'
import { buildTimeline } from '../../../../src/explain/timeline/build-timeline.ts'
import { at, event } from '../../../support/events.ts'

const NOW = at('2026-01-02T00:00:00')
let id = 0

function stored(eventType: string, time: string, texts: { [trait: string]: string } = {}): StoredEvent {
  const traits = Object.fromEntries(
    Object.entries(texts).map(([name, value]) => [name, { type: 'text', value } as const]),
  )
  return { id: ++id, ...event({ eventType, timestamp: at(`2026-01-01T${time}`), traits }) }
}

const entriesOf = (events: StoredEvent[], isFolded = true) =>
  buildTimeline({ events, streams: [], isFolded, now: NOW })

test('events are in the order of time, whatever the order in which they were stored', () => {
  const entries = entriesOf([stored('b', '02:00:00'), stored('a', '01:00:00')])
  expect(entries).toMatchObject([{ at: '2026-01-01T01:00:00' }, { at: '2026-01-01T02:00:00' }])
})

test('what differs from the last event that had the trait is a change', () => {
  const entries = entriesOf([
    stored('x.start', '01:00:00', { state: 'active', host: 'c1', request_id: 'r1' }),
    stored('x.middle', '01:00:01', { host: 'c1' }),
    stored('x.end', '01:00:02', { state: 'resized', host: 'c2', request_id: 'r2', old_state: 'active' }),
  ])
  expect(entries.map((entry) => 'changes' in entry && entry.changes)).toEqual([
    [],
    [],
    [
      { trait: 'state', from: 'active', to: 'resized' },
      { trait: 'host', from: 'c1', to: 'c2' },
    ],
  ])
})

test('states of different services are not compared', () => {
  const entries = entriesOf([
    stored('compute.instance.start', '01:00:00', { state: 'building' }),
    stored('port.create.end', '01:00:01', { state: 'DOWN' }),
    stored('compute.instance.end', '01:00:02', { state: 'active' }),
  ])
  expect(entries.flatMap((entry) => ('changes' in entry ? entry.changes : []))).toEqual([
    { trait: 'state', from: 'building', to: 'active' },
  ])
})

test('updates that follow each other are folded, with what they changed in the end', () => {
  const events = [
    stored('i.update', '01:00:00', { state: 'a', task: 't' }),
    stored('i.update', '01:00:01', { state: 'b', task: 'u' }),
    stored('i.update', '01:00:05', { state: 'c', task: 't' }),
    stored('i.end', '01:00:06', { state: 'c' }),
    stored('i.update', '01:00:07', { state: 'c' }),
  ]
  expect(entriesOf(events)).toMatchObject([
    {
      kind: 'folded',
      count: 3,
      until: '2026-01-01T01:00:05',
      changes: [{ trait: 'state', from: 'a', to: 'c' }],
    },
    { kind: 'event', event_type: 'i.end', changes: [] },
    { kind: 'event', event_type: 'i.update' },
  ])
  expect(entriesOf(events, false)).toHaveLength(5)
})

test('failures are never folded, and have their message', () => {
  const entries = entriesOf([
    stored('i.update', '01:00:00', { state: 'a' }),
    stored('i.update', '01:00:01', { state: 'error', message: 'no host' }),
    stored('i.update', '01:00:02', { state: 'error' }),
    stored('i.create.error', '01:00:03', { exception: 'no space' }),
  ])
  expect(entries).toMatchObject([
    { kind: 'event', is_failure: false, message: null },
    { kind: 'event', is_failure: true, message: 'no host' },
    { kind: 'event', is_failure: true, message: null },
    { kind: 'event', is_failure: true, message: 'no space' },
  ])
})

test('secrets are masked in changes and messages', () => {
  const entries = entriesOf([
    stored('i.a', '01:00:00', { admin_password: 'first' }),
    stored('i.error', '01:00:01', { admin_password: 'second', message: 'amqp://u:hunter2@h/ refused' }),
  ])
  expect(JSON.stringify(entries)).not.toMatch(/first|second|hunter2/)
  expect(entries[1]).toMatchObject({ changes: [{ trait: 'admin_password', from: '***', to: '***' }] })
})

const STREAM: Stream = {
  id: 7,
  name: 'day',
  state: 'active',
  stateSerialNo: 0,
  eventCount: 1,
  generation: 0,
  firstEvent: at('2026-01-01T01:00:00'),
  lastEvent: at('2026-01-01T01:00:00'),
  fireTimestamp: null,
  expireTimestamp: at('2026-01-03T00:00:00'),
  distinguishingTraits: {},
  progress: {},
  attempts: 0,
  lastError: null,
}

test('a stream opens before its first event, and fires or expires', () => {
  const events = [stored('a', '01:00:00')]
  expect(buildTimeline({ events, streams: [STREAM], now: NOW })).toMatchObject([
    { kind: 'stream', what: 'opened', stream: 7 },
    { kind: 'event' },
    { kind: 'stream', what: 'expires', at: '2026-01-03T00:00:00' },
  ])
  const failed: Stream = {
    ...STREAM,
    state: 'error',
    fireTimestamp: STREAM.firstEvent,
    lastError: 'webhook: no\n at x',
  }
  expect(buildTimeline({ events, streams: [failed], now: NOW })).toMatchObject([
    { what: 'opened', error: null },
    { kind: 'event' },
    { what: 'fires', state: 'error', error: 'webhook: no' },
  ])
})

const HOURS = 3_600_000_000
const [FIRST, LAST] = [STREAM.firstEvent, STREAM.firstEvent + HOURS]
const DONE = { state: 'completed', stateSerialNo: 2, lastEvent: LAST } as const

test.each<[string, Partial<Stream>, string, number]>([
  [
    'expires before its fire_delay ends',
    { fireTimestamp: at('2026-01-03T00:00:01') },
    'expires',
    at('2026-01-03T00:00:00'),
  ],
  ['fired', { ...DONE, fireTimestamp: LAST }, 'fires', LAST],
  ['expired', { ...DONE, expireTimestamp: LAST + 1 }, 'expires', LAST + 1],
  [
    'was due for both',
    { ...DONE, fireTimestamp: LAST + 9, expireTimestamp: LAST + 1 },
    'completed',
    LAST + 1,
  ],
  [
    'was expired by an operator',
    { ...DONE, stateSerialNo: 3, fireTimestamp: LAST + 9 },
    'completed',
    LAST + 9,
  ],
  ['was fired by an operator', { ...DONE, stateSerialNo: 3 }, 'completed', LAST],
  ['is being fired by an operator', { ...DONE, state: 'firing' }, 'fires', LAST],
  ['waits after an operator expired it', { ...DONE, state: 'retry_expire' }, 'expires', LAST],
  ['never becomes due', { expireTimestamp: null }, 'opened', FIRST],
])('a stream that %s', (_, given, what, time) => {
  const last = buildTimeline({ events: [], streams: [{ ...STREAM, ...given }], now: NOW }).at(-1)
  expect(last).toMatchObject({ what, at: formatIso(time) })
})
