import { expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import type { Trait } from '../../../src/domain/trait.ts'
import { verifyCinderUsage } from '../../../src/usage/practical/volume-rules.ts'
import { usageResults } from '../../../src/usage/usage-results.ts'
import { at, event } from '../../support/events.ts'

const RANGE = { begin: at('2026-01-01T00:00:00'), end: at('2026-01-02T00:00:00') }
const time = (text: string): Trait => ({ type: 'datetime', value: at(text) })

function told(
  eventType: string,
  timestamp: string,
  traits: { readonly [name: string]: Trait | string | number } = {},
): Event {
  const all = {
    volume_id: 'v1',
    tenant_id: 't1',
    size_gb: 10,
    volume_type: 'fast',
    state: 'available',
    ...traits,
  }
  const typed = Object.entries(all).map(([name, value]): [string, Trait] => {
    if (typeof value === 'string') return [name, { type: 'text', value }]
    return [name, typeof value === 'number' ? { type: 'int', value } : value]
  })
  const messageId = `${eventType}@${timestamp}`
  return event({ messageId, eventType, timestamp: at(timestamp), traits: Object.fromEntries(typed) })
}

const created = told('volume.create.end', '2026-01-01T08:00:00')
const exists = (traits: Parameters<typeof told>[2] = {}) =>
  told('volume.exists', '2026-01-02T00:05:00', {
    created_at: time('2026-01-01T07:59:58'),
    audit_period_beginning: time('2026-01-01T00:00:00'),
    audit_period_ending: time('2026-01-02T00:00:00'),
    ...traits,
  })

const results = (...events: Event[]) =>
  usageResults(verifyCinderUsage(events, { subject: 'volume', range: RANGE }), { streamId: 1, now: 0 }).map(
    ({ eventType, traits }) => [eventType, traits.error_code?.value ?? null],
  )

test.each([
  ['as it was created', [created, exists()], [['volume.exists.verified', null]]],
  ['another size', [created, exists({ size_gb: 20 })], [['volume.exists.failed', 'U2']]],
  ['another tenant', [created, exists({ tenant_id: 't2' })], [['volume.exists.failed', 'U2']]],
  [
    'extended',
    [created, told('volume.resize.end', '2026-01-01T09:00:00', { size_gb: 20 }), exists({ size_gb: 20 })],
    [['volume.exists.verified', null]],
  ],
  [
    'given to another',
    [
      created,
      told('volume.transfer.accept.end', '2026-01-01T09:00:00', { tenant_id: 't2' }),
      exists({ tenant_id: 't2' }),
    ],
    [['volume.exists.verified', null]],
  ],
  [
    'being extended',
    [created, told('volume.resize.start', '2026-01-01T23:59:59'), exists({ size_gb: 20 })],
    [['volume.exists.verified', null]],
  ],
  ['nothing tells of it', [exists()], [['volume.exists.failed', 'U8']]],
  [
    'created before',
    [exists({ created_at: time('2025-12-01T00:00:00') })],
    [['volume.exists.verified', null]],
  ],
  [
    'at rest, of another type',
    [told('volume.attach.end', '2026-01-01T09:00:00', { state: 'in-use' }), exists({ volume_type: 'slow' })],
    [['volume.exists.failed', 'U2']],
  ],
  ['no exists', [created], [['volume.exists.failed', 'U0']]],
  [
    'sent again',
    [created, exists(), { ...exists(), messageId: 'again' }],
    [
      ['volume.exists.verified', null],
      ['volume.exists.verified', null],
    ],
  ],
] as const)('the usage of a volume: %s', (_, events, expected) => {
  expect(results(...events)).toEqual(expected)
})

test('results carry the id of the volume', () => {
  const [result] = usageResults(verifyCinderUsage([created], { subject: 'volume', range: RANGE }), {
    streamId: 1,
    now: 0,
  })
  expect(result?.traits.volume_id).toEqual({ type: 'text', value: 'v1' })
})
