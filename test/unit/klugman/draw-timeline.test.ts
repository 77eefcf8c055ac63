import { expect, test } from 'vitest'
import type { EventEntry, Timeline } from '../../../src/formats/timeline.ts'
import { drawTimeline } from '../../../src/klugman/draw-timeline.ts'

const EVENT: EventEntry = {
  kind: 'event',
  at: '2026-01-01T00:00:00.587148',
  event_type: 'compute.instance.reboot.start',
  message_id: 'm1',
  is_failure: false,
  message: null,
  changes: [],
  user_id: 'u1',
  request_id: 'req-1',
}

const TIMELINE: Timeline = {
  traits: { instance_id: 'i1' },
  events: 7,
  is_truncated: false,
  has_more_streams: false,
  entries: [
    {
      kind: 'stream',
      at: '2026-01-01T00:00:00',
      stream: 3,
      name: 'day',
      what: 'opened',
      state: 'active',
      error: null,
    },
    EVENT,
    {
      kind: 'folded',
      at: '2026-01-01T00:00:01',
      until: '2026-01-01T00:01:40',
      event_type: 'compute.instance.update',
      count: 4,
      changes: [{ trait: 'state', from: 'active', to: 'rebooting' }],
    },
    { ...EVENT, at: '2026-01-01T00:01:43.268537', event_type: 'compute.instance.reboot.end' },
    {
      ...EVENT,
      at: '2026-01-02T00:06:27',
      event_type: 'compute.instance.exists.failed',
      is_failure: true,
      message: 'no launched_at\u001b[2J',
      request_id: null,
    },
  ],
}

test('days, times, gaps, who asked, how long it took, and what changed', () => {
  expect(drawTimeline(TIMELINE).join('\n')).toBe(`instance_id i1: 7 events, 1 stream
2026-01-01
  00:00:00      stream 3 of day opened
  00:00:00.587  compute.instance.reboot.start  (user u1, req-1)
  00:00:01      compute.instance.update × 4 within 99 seconds
                  state: active → rebooting
  00:01:43.268  compute.instance.reboot.end, after 102 seconds
  ⋮ 1 day
2026-01-02
! 00:06:27      compute.instance.exists.failed
                  no launched_at\\u001b[2J`)
})

test('it is said that older streams are left out', () => {
  expect(drawTimeline({ ...TIMELINE, has_more_streams: true })[0]).toBe(
    'instance_id i1: 7 events, 1 stream; older streams are left out, --from and --to choose a time',
  )
})

test('lines of failures are marked, and it is said that older events are left out', () => {
  const lines = drawTimeline({ ...TIMELINE, is_truncated: true }, (line) => `<${line}>`)
  expect(lines[0]).toBe(
    'instance_id i1: 7 events, 1 stream; older events are left out, --to 2026-01-01T00:00:00.587148 shows them',
  )
  expect(lines.filter((line) => line.startsWith('<'))).toEqual([
    '<! 00:06:27      compute.instance.exists.failed>',
  ])
})
