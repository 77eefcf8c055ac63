import { describe, expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import { MICROS_PER_DAY } from '../../../src/domain/time.ts'
import type { Trait } from '../../../src/domain/trait.ts'
import { CORE_FIELDS } from '../../../src/usage/core-fields.ts'
import { verifyByPracticalRules } from '../../../src/usage/practical/practical-rules.ts'
import { usageResults } from '../../../src/usage/usage-results.ts'
import { at, event } from '../../support/events.ts'

const DAY = '2026-01-01'
const RANGE = { begin: at(`${DAY}T00:00:00`), end: at('2026-01-02T00:00:00') }
const TIMES = new Set([
  'launched_at',
  'deleted_at',
  'terminated_at',
  'audit_period_beginning',
  'audit_period_ending',
])

type Fields = { readonly [trait: string]: string }

/** `08:00:00` of the day, or a whole time. */
const moment = (text: string) => at(text.includes('T') ? text : `${DAY}T${text}`)

function traitOf(name: string, value: string): Trait {
  return TIMES.has(name) && value !== ''
    ? { type: 'datetime', value: moment(value) }
    : { type: 'text', value }
}

/** An event of the server at a time of the day. */
function told(step: string, time: string, fields: Fields = {}, prefix = 'compute.instance.'): Event {
  const all = { instance_id: 'i1', tenant_id: 't1', instance_flavor_id: '2', ...fields }
  const traits = Object.entries(all).map(([name, value]) => [name, traitOf(name, value)] as const)
  const eventType = step.startsWith('compute_task.') ? step : `${prefix}${step}`
  return event({
    messageId: `${step}@${time}`,
    eventType,
    timestamp: moment(time),
    traits: Object.fromEntries(traits),
  })
}

const LAUNCHED = { state: 'active', launched_at: '08:00:30' }
const WHOLE_DAY = {
  audit_period_beginning: '2026-01-01T00:00:00',
  audit_period_ending: '2026-01-02T00:00:00',
}
const created = told('create.end', '08:00:31', { state: 'active', launched_at: '08:00:30.967755' })

const dayExists = (fields: Fields = {}) =>
  told('exists', '2026-01-02T00:05:00', { ...LAUNCHED, ...WHOLE_DAY, ...fields })

const immediate = (time: string, fields: Fields = {}) =>
  told('exists', time, {
    ...LAUNCHED,
    audit_period_beginning: '2026-01-01T00:00:00',
    audit_period_ending: `${DAY}T${time}`,
    ...fields,
  })

const hourExists = (hour: number, fields: Fields = {}) => {
  const time = (one: number) =>
    one === 24 ? '2026-01-02T00:00:00' : `${DAY}T${String(one).padStart(2, '0')}:00:00`
  return told('exists', `${time(hour + 1).slice(0, 14)}00:40`, {
    ...LAUNCHED,
    audit_period_beginning: time(hour),
    audit_period_ending: time(hour + 1),
    ...fields,
  })
}

const verify = (events: readonly Event[], others: readonly Event[] = []) =>
  verifyByPracticalRules(events, { coreFields: CORE_FIELDS, range: RANGE, others })

/** What came of it, in short: `verified`, `U2`, `warning`, `unbilled`, `day verified` … */
function results(...events: Event[]): string[] {
  return usageResults(verify(events), { streamId: 1, now: 0 }).map(({ eventType, traits }) => {
    const outcome = eventType.slice(eventType.lastIndexOf('.') + 1)
    const code = traits.error_code?.value
    const what = typeof code === 'string' ? code : outcome
    return eventType.includes('.day.') ? `day ${what}` : what.replace('warnings', 'warning')
  })
}

function errorOf(...events: Event[]): string {
  return String(usageResults(verify(events), { streamId: 1, now: 0 }).at(-1)?.traits.error?.value)
}

const deletion = [
  told('delete.start', '09:00:00', LAUNCHED),
  told('update', '09:00:01', { ...LAUNCHED, state: 'deleted', terminated_at: '09:00:01' }),
  told('delete.end', '09:00:02', {
    ...LAUNCHED,
    state: 'deleted',
    deleted_at: '09:00:02',
    terminated_at: '09:00:01.061399',
  }),
]
const deletedExists = (fields: Fields = {}) =>
  dayExists({ state: 'deleted', deleted_at: '09:00:02', ...fields })
const cleanUp = (time: string) =>
  told('update', time, { ...LAUNCHED, state: 'deleted', old_state: 'deleted', deleted_at: '09:00:02' })

describe('times of memory and database', () => {
  test.each([
    ['cut', '08:00:30', ['verified']],
    ['rounded up', '08:00:31', ['verified']],
    ['two seconds off', '08:00:32', ['U2']],
    ['another fraction', '08:00:30.5', ['U2']],
  ])('%s', (_, launched_at, expected) => {
    expect(results(created, dayExists({ launched_at }))).toEqual(expected)
  })

  test('a second apart is said', () => {
    const events = [created, dayExists({ launched_at: '08:00:31' })]
    const [verified] = usageResults(verify(events), { streamId: 1, now: 0 })
    expect(verified?.traits.notes?.value).toContain('launched_at 2026-01-01 08:00:30.967755')
  })
})

describe('core fields', () => {
  test.each([
    'create.end',
    'rebuild.end',
    'finish_resize.end',
    'rescue.end',
    'unshelve.end',
    'resize.revert.end',
  ])('another flavor than %s', (step) => {
    const operation = told(step, '10:00:00', { ...LAUNCHED, instance_flavor_id: '5' })
    expect(results(created, operation, dayExists({ instance_flavor_id: '5' }))).toEqual(['verified'])
    expect(results(created, operation, dayExists())).toEqual(['U2'])
  })

  test('the error says what was compared with what, from which messages', () => {
    expect(errorOf(created, dayExists({ tenant_id: 't2' }))).toBe(
      "Conflicting 'tenant_id' values ('t1' of compute.instance.create.end create.end@08:00:31 != 't2' of compute.instance.exists exists@2026-01-02T00:05:00)",
    )
  })

  test('without an operation, than what was told at rest', () => {
    const resting = told('update', '07:00:00', { ...LAUNCHED, launched_at: '2025-12-01T00:00:00' })
    const old = { launched_at: '2025-12-01T00:00:00' }
    expect(results(resting, dayExists(old))).toEqual(['verified'])
    expect(results(resting, dayExists({ ...old, tenant_id: 't2' }))).toEqual(['U2'])
  })

  test('blanks and what only one side knows of the system conflict with nothing; a missing flavor does', () => {
    const known = told('create.end', '08:00:31', { ...LAUNCHED, os_distro: 'deb', os_version: '' })
    expect(results(known, dayExists({ os_version: '12' }))).toEqual(['verified'])
    expect(results(known, dayExists({ os_distro: 'win' }))).toEqual(['U2'])
    const { instance_flavor_id: _, ...traits } = dayExists().traits
    expect(results(created, { ...dayExists(), traits })).toEqual(['U2'])
  })

  test('may be those of before or after while an operation is under way, but not in what was sent at once', () => {
    const under = told('finish_resize.start', '23:59:59', LAUNCHED)
    expect(results(created, under, dayExists({ instance_flavor_id: '5' }))).toEqual(['verified'])
    const rescuing = told('rescue.start', '10:00:00', LAUNCHED)
    const wrong = immediate('10:00:01', { state_description: 'rescuing', instance_flavor_id: '5' })
    expect(results(created, rescuing, wrong, dayExists())).toEqual(['U2', 'verified'])
  })

  test('are after an operation that failed as they were then told at rest', () => {
    const told12 = { ...LAUNCHED, os_version: '12' }
    const before = told('create.end', '08:00:31', told12)
    const told13 = { ...LAUNCHED, os_version: '13' }
    const rebuilding = told('rebuild.start', '10:00:00', { ...told13, state_description: 'rebuilding' })
    const failed = told('update', '10:00:30', { ...told13, state: 'error' })
    const ended = told('update', '10:00:30', { ...told13, state: 'active' })
    expect(results(before, rebuilding, failed, dayExists({ os_version: '13' }))).toEqual(['verified'])
    expect(results(before, rebuilding, failed, dayExists({ os_version: '12' }))).toEqual(['U2'])
    expect(results(before, rebuilding, ended, dayExists({ os_version: '13' }))).toEqual(['U2'])
    const other = dayExists({ os_version: '13', tenant_id: 't2' })
    expect(results(before, rebuilding, failed, other)).toEqual(['U2'])
    const own = { coreFields: ['tenant_id'], range: RANGE }
    const [verdict] = verifyByPracticalRules(
      [before, rebuilding, failed, dayExists({ os_version: '12' })],
      own,
    ).exists
    expect(verdict?.fault).toBeUndefined()
  })
})

test('the exists of the day is owed after an operation that failed, and not while one is under way', () => {
  const task = { ...LAUNCHED, request_id: 'r1', state_description: 'rebuilding' }
  const sent = immediate('10:00:00', task)
  const start = told('rebuild.start', '10:00:01', task)
  const failed = told('update', '10:00:30', { ...LAUNCHED, request_id: 'r1', state: 'error' })
  expect(results(created, sent, start)).toEqual(['verified'])
  expect(results(created, sent, start, failed)).toEqual(['verified', 'U0'])
})

describe('launch', () => {
  test.each([
    ['no launched_at', [created, dayExists({ launched_at: '' })], ['U1']],
    ['launched in the period, and nothing tells of it', [dayExists()], ['U8']],
    ['launched as the period began', [dayExists({ launched_at: '00:00:00' })], ['verified']],
    ['launched long before', [dayExists({ launched_at: '2025-12-01T00:00:00' })], ['verified']],
    [
      'sent at once before it was ever launched',
      [
        told('create.error', '08:00:00', { state: 'error', launched_at: '' }),
        immediate('10:00:00', { state: 'error', launched_at: '', state_description: 'rebuilding' }),
        told('rebuild.end', '10:01:00', { state: 'active', launched_at: '10:01:00' }),
        dayExists({ launched_at: '10:01:00' }),
      ],
      ['verified', 'verified'],
    ],
  ])('%s', (_, events, expected) => {
    expect(results(...events)).toEqual(expected)
  })
})

const soft = [
  told('soft_delete.start', '09:00:00', { ...LAUNCHED, deleted_at: '09:00:00' }),
  told('soft_delete.end', '09:00:01', { ...LAUNCHED, state: 'soft-delete', deleted_at: '09:00:00' }),
]

describe('deletion', () => {
  test.each([
    ['as told', [created, ...deletion, deletedExists()], ['verified']],
    ['at another time', [created, ...deletion, deletedExists({ deleted_at: '10:00:02' })], ['U2']],
    [
      'with a blank deleted_at in delete.end',
      [created, told('delete.end', '09:00:02', { ...LAUNCHED, state: 'deleted' }), deletedExists()],
      ['verified'],
    ],
    ['deleted_at of an active one', [created, dayExists({ deleted_at: '09:00:02' })], ['U3']],
    [
      'deleted_at while it is being deleted',
      [created, ...deletion, deletedExists({ state: 'active', state_description: 'deleting' })],
      ['verified'],
    ],
    ['before it was launched', [created, deletedExists({ deleted_at: '07:00:00' })], ['U4']],
    ['no event of it', [created, deletedExists()], ['U5']],
    [
      'no event of it, of the day before',
      [deletedExists({ launched_at: '2025-12-01T00:00:00', deleted_at: '2025-12-31T23:59:59' })],
      ['verified'],
    ],
    ['no deleted_at', [created, ...deletion, dayExists({ state: 'deleted' })], ['U6']],
    [
      'two of them',
      [
        created,
        ...deletion,
        told('delete.end', '09:30:00', { ...LAUNCHED, deleted_at: '09:00:02' }),
        deletedExists(),
      ],
      ['U7'],
    ],
    ['soft', [created, ...soft, dayExists({ state: 'soft-delete', deleted_at: '09:00:00' })], ['verified']],
    [
      'soft, and taken back',
      [created, ...soft, told('restore.end', '09:10:00', LAUNCHED), dayExists()],
      ['verified'],
    ],
    ['soft, and not told', [created, ...soft, dayExists()], ['U6']],
    ['soft, then for good', [created, ...soft, ...deletion, deletedExists()], ['verified']],
    [
      'soft, at another time',
      [created, ...soft, dayExists({ state: 'soft-delete', deleted_at: '10:00:00' })],
      ['U2'],
    ],
  ])('%s', (_, events, expected) => {
    expect(results(...events)).toEqual(expected)
  })
})

describe('an exists that Nova sends at once', () => {
  test.each([
    ['says why', [immediate('10:00:00', { state_description: 'resize_prep' })], []],
    [
      'comes with what follows',
      [
        immediate('10:00:00', { request_id: 'r1' }),
        told('resize.prep.start', '10:00:01', { ...LAUNCHED, request_id: 'r1' }),
      ],
      [],
    ],
    ['comes after an operation', [told('rebuild.end', '09:59:59', LAUNCHED), immediate('10:00:00')], []],
    [
      'comes for no reason',
      [
        immediate('10:00:00', { request_id: 'r1' }),
        told('resize.prep.start', '10:00:01', { ...LAUNCHED, request_id: 'r2' }),
      ],
      ['warning'],
    ],
  ])('%s', (_, events, warnings) => {
    const old = told('update', '07:00:00', LAUNCHED)
    expect(results(old, ...events, dayExists())).toEqual([...warnings, 'verified', 'verified'])
  })
})

describe('the same period told twice', () => {
  const again = (fields: Fields = {}) => ({
    ...dayExists(fields),
    messageId: 'again',
    timestamp: moment('2026-01-02T00:06:00'),
  })

  test('is a repeat, named so', () => {
    const events = [created, dayExists(), again()]
    expect(results(...events)).toEqual(['verified', 'verified'])
    expect(verify(events).exists.map(({ repeats }) => repeats)).toEqual([undefined, dayExists().messageId])
  })

  test('has the verdict of the first, and is at fault where it differs', () => {
    expect(results(dayExists(), again())).toEqual(['U8', 'U8'])
    expect(results(created, dayExists(), again({ tenant_id: 't2' }))).toEqual(['verified', 'U2'])
  })
})

describe('events that no exists follows', () => {
  const building = told('create.start', '08:00:00', { state: 'building', launched_at: '' })
  const shelved = [
    told('shelve.start', '10:00:01', { ...LAUNCHED, request_id: 'r1' }),
    told('shelve.end', '10:00:02', { ...LAUNCHED, request_id: 'r1', state: 'shelved' }),
    told('shelve_offload.end', '10:00:03', { ...LAUNCHED, request_id: 'r1', state: 'shelved_offloaded' }),
  ]
  const shelving = immediate('10:00:00', { state_description: 'shelving' })

  test.each([
    ['it ran', [created], ['U0']],
    ['it ran and was deleted', [created, ...deletion], ['U0']],
    ['it never ran', [building], ['unbilled']],
    ['its clean-up', [created, ...deletion, deletedExists(), cleanUp('2026-01-02T00:07:00')], ['verified']],
    ['nothing but its clean-up', [cleanUp('12:00:00')], []],
    [
      'it was deleted before the day',
      [
        told('delete.end', '00:00:01', {
          ...LAUNCHED,
          state: 'deleted',
          terminated_at: '2025-12-31T23:59:59.9',
        }),
      ],
      [],
    ],
    ['it was shelved, as the exists before says', [created, shelving, ...shelved], ['verified']],
    ['it was shelved, and deleted', [created, shelving, ...shelved, ...deletion], ['verified']],
    ['it was shelved without a word', [created, ...shelved], ['U0']],
    [
      'it was offloaded all day',
      [told('update', '10:00:00', { ...LAUNCHED, state: 'shelved_offloaded' })],
      ['unbilled'],
    ],
    [
      'it came back',
      [created, shelving, ...shelved, told('unshelve.end', '11:00:00', LAUNCHED)],
      ['verified', 'U0'],
    ],
    [
      'they lie in the period of the exists',
      [created, hourExists(8), told('update', '08:59:59.9', LAUNCHED)],
      ['verified'],
    ],
    [
      'they lie after the period of the exists',
      [created, hourExists(8), told('update', '09:10:00', LAUNCHED)],
      ['verified', 'U0'],
    ],
  ])('%s', (_, events, expected) => {
    expect(results(...events)).toEqual(expected)
  })

  test.each([
    [
      'no valid host',
      [
        building,
        told('compute_task.build_instances', '08:00:02', { message: 'No valid host was found.\nTrace' }),
      ],
      'never launched: no valid host (No valid host was found.)',
    ],
    [
      'the build was aborted',
      [building, told('create.error', '08:00:02', { message: 'disk full' })],
      'never launched: build aborted (disk full)',
    ],
    [
      'it was deleted while building',
      [building, told('delete.start', '08:00:01'), told('create.error', '08:00:02', { message: 'gone' })],
      'never launched: deleted while building',
    ],
    [
      'the build failed',
      [building, told('update', '08:00:02', { state: 'error' })],
      'never launched: build failed',
    ],
    ['nothing is told', [building], 'never launched: still building'],
  ])('why it never ran: %s', (_, events, reason) => {
    const [unbilled] = usageResults(verify(events), { streamId: 1, now: 0 })
    expect(unbilled).toMatchObject({
      eventType: 'compute.instance.unbilled',
      traits: { reason: { value: reason } },
    })
  })
})

describe('hourly audits', () => {
  const hours = Array.from({ length: 16 }, (_, index) => hourExists(index + 8))
  const verified = (count: number) => Array.from({ length: count }, () => 'verified')

  test('are verified hour by hour and as a day', () => {
    expect(results(created, ...hours)).toEqual([...verified(16), 'day verified'])
  })

  test.each([
    ['a gap', hours.filter((_, index) => index !== 3), 'day U9'],
    ['no first hour', hours.slice(1), 'day U9'],
    ['no last hour', hours.slice(0, -1), 'day U9'],
    [
      'an overlap',
      [...hours, hourExists(9, { audit_period_beginning: '09:30:00', audit_period_ending: '10:30:00' })],
      'day U10',
    ],
  ])('%s between periods is found', (_, told, expected) => {
    const sorted = [...told].sort((a, b) => a.timestamp - b.timestamp)
    expect(results(created, ...sorted)).toContain(expected)
  })
})

describe('audit periods', () => {
  test('that are not those of the stream are noted, and nothing outside is held against them', () => {
    const shifted = dayExists({
      launched_at: '2026-01-02T03:00:00',
      audit_period_beginning: '08:00:00',
      audit_period_ending: '2026-01-02T08:00:00',
    })
    const { exists } = verify([told('update', '09:00:00', { launched_at: '' }), shifted])
    expect(exists).toMatchObject([{ fault: undefined, notes: [expect.stringContaining('is not within')] }])
  })

  test.each([
    ['a month', '2026-01-01T00:00:00', '2026-02-01T00:00:00', []],
    ['a month from the 15th', '2026-01-15T00:00:00', '2026-02-15T00:00:00', []],
    ['a year', '2026-01-01T00:00:00', '2027-01-01T00:00:00', []],
    ['a part of one', '2026-01-01T00:00:00', '2026-01-20T00:00:01', ['warning']],
  ])('%s', (_, beginning, ending, warnings) => {
    const exists = dayExists({ audit_period_beginning: beginning, audit_period_ending: ending })
    expect(results(told('update', '08:00:31', LAUNCHED), exists)).toEqual([...warnings, 'verified'])
  })
})

test('versioned notifications are verified by the same rules, under their own names', () => {
  const versioned = (step: string, time: string, fields: Fields = {}) => told(step, time, fields, 'instance.')
  const resized = versioned('resize_finish.end', '10:00:00', { ...LAUNCHED, instance_flavor_id: '5' })
  const exists = { ...dayExists(), eventType: 'instance.exists' }
  const events = [resized, exists]
  expect(usageResults(verify(events), { streamId: 1, now: 0 })).toMatchObject([
    { eventType: 'instance.exists.failed', traits: { error_code: { value: 'U2' } } },
  ])
  const failed = [
    versioned('create.start', '08:00:00'),
    told('compute_task.build_instances.error', '08:00:01'),
  ]
  expect(usageResults(verify(failed), { streamId: 1, now: 0 })).toMatchObject([
    { eventType: 'instance.unbilled' },
  ])
})

test('what a stream comes to is of its own form, whatever the other form tells of the server', () => {
  const old = [told('create.start', '08:00:00'), told('update', '08:00:01', { state: 'error' })]
  const versioned = [
    told('create.start', '08:00:00', {}, 'instance.'),
    told('compute_task.build_instances.error', '08:00:01'),
  ]
  const typesOf = (own: readonly Event[], others: readonly Event[]) =>
    usageResults(verify(own, others), { streamId: 1, now: 0 }).map(({ eventType }) => eventType)
  expect(typesOf(old, versioned)).toEqual(['compute.instance.unbilled'])
  expect(typesOf(versioned, old)).toEqual(['instance.unbilled'])
})

describe('operations that changed what a server is', () => {
  const begun = told('resize.prep.start', '10:00:01', { ...LAUNCHED, request_id: 'r1' })
  const resized = told('finish_resize.end', '10:10:00', {
    state: 'resized',
    launched_at: '10:09:59.5',
    instance_flavor_id: '5',
    request_id: 'r1',
  })
  const after = dayExists({ launched_at: '10:09:59', instance_flavor_id: '5' })
  const before = immediate('10:00:00', { request_id: 'r1', state_description: 'resize_prep' })

  test('are told of until then by an exists of their own', () => {
    expect(results(created, before, begun, resized, after)).toEqual(['verified', 'verified'])
    expect(results(created, begun, resized, after)).toEqual(['verified', 'U0'])
  })

  test('that began on the day before had it there', () => {
    expect(results(resized, after)).toEqual(['verified'])
  })

  test('excuse what they may change, until they end, and nothing else', () => {
    const failed = told('resize.error', '10:05:00', { ...LAUNCHED, request_id: 'r1' })
    const other = { instance_flavor_id: '5' }
    expect(results(created, before, begun, dayExists(other))).toEqual(['verified', 'verified'])
    expect(results(created, before, begun, dayExists({ ...other, tenant_id: 't2' }))).toEqual([
      'verified',
      'U2',
    ])
    expect(results(created, before, begun, failed, dayExists(other))).toEqual(['verified', 'U2'])
    const asked = told('update', '23:59:59', { ...LAUNCHED, state_description: 'rebuilding' })
    const known = told('create.end', '08:00:31', { ...LAUNCHED, os_distro: 'deb' })
    expect(results(known, asked, dayExists({ os_distro: 'win' }))).toEqual(['verified'])
  })
})

describe('what happens around the end of a period', () => {
  const rebuilt = told('rebuild.end', '2026-01-02T00:02:00', {
    ...LAUNCHED,
    launched_at: '2026-01-02T00:01:59.5',
  })

  test('may be in its exists or not', () => {
    expect(results(created, rebuilt, dayExists())).toEqual(['verified'])
    expect(results(created, rebuilt, dayExists({ launched_at: '2026-01-02T00:01:59' }))).toEqual(['verified'])
    expect(results(created, rebuilt, dayExists({ launched_at: '03:00:00' }))).toEqual(['U2'])
  })

  test.each([
    [
      'launched as it ended',
      [told('create.end', '23:59:59.9', { state: 'active', launched_at: '23:59:59.7' })],
      [],
    ],
    [
      'an operation that has not come to its end',
      [
        created,
        immediate('23:59:50', { request_id: 'r1', state_description: 'rebuilding' }),
        told('rebuild.start', '23:59:51', { ...LAUNCHED, request_id: 'r1' }),
      ],
      ['verified'],
    ],
    [
      'being shelved when the day begins',
      [
        told('shelve.end', '00:20:00', { ...LAUNCHED, state: 'shelved' }),
        told('shelve_offload.end', '00:20:09', { ...LAUNCHED, state: 'shelved_offloaded' }),
      ],
      ['unbilled'],
    ],
    [
      'shelved without an exists, as one booted from a volume',
      [
        told('update', '14:00:00', { ...LAUNCHED, state_description: 'shelving' }),
        told('shelve_offload.end', '14:00:09', { ...LAUNCHED, state: 'shelved_offloaded' }),
      ],
      ['U0'],
    ],
    [
      'a build that failed at its end',
      [told('create.error', '08:00:31', { state: 'building', launched_at: '08:00:30.5' })],
      ['unbilled'],
    ],
  ])('%s', (_, events, expected) => {
    expect(results(...events)).toEqual(expected)
  })
})

describe('deletions that are not what they seem', () => {
  test.each([
    ['one that failed', [created, told('delete.end', '09:00:02', LAUNCHED), dayExists()], ['verified']],
    [
      'one for good while the host was away',
      [
        created,
        told('force_delete.end', '09:00:02', { ...LAUNCHED, state: 'deleted', deleted_at: '09:00:02' }),
        deletedExists(),
      ],
      ['verified'],
    ],
    [
      'one for good after a soft one, of which nothing tells',
      [created, ...soft, deletedExists({ deleted_at: '12:00:00' })],
      ['U5'],
    ],
    [
      'one whose server failed to be reclaimed',
      [created, ...soft, dayExists({ state: 'error', deleted_at: '09:00:00' })],
      ['verified'],
    ],
    [
      'one that is being taken back',
      [created, ...soft, dayExists({ state: 'soft-delete', state_description: 'restoring' })],
      ['verified'],
    ],
    [
      'everything lost, deleted after the period',
      [deletedExists({ deleted_at: '2026-01-02T00:03:00' })],
      ['U8'],
    ],
  ])('%s', (_, events, expected) => {
    expect(results(...events)).toEqual(expected)
  })

  test('a repeat that tells of another is judged by itself', () => {
    const again = { ...deletedExists(), messageId: 'again', timestamp: moment('2026-01-02T00:06:00') }
    const { exists } = verify([created, dayExists(), again])
    expect(exists.map(({ fault, repeats }) => [fault?.code, repeats])).toEqual([
      [undefined, undefined],
      ['U5', dayExists().messageId],
    ])
  })
})

describe('what other streams have', () => {
  const withOthers = (events: readonly Event[], others: readonly Event[]) => {
    const verdict = verifyByPracticalRules(events, { range: RANGE, others })
    return usageResults(verdict, { streamId: 1, now: 0 }).map(
      ({ traits }) => traits.error_code?.value ?? null,
    )
  }

  test('explains what came after its stream had fired', () => {
    const late = told('reboot.end', '12:00:00', LAUNCHED)
    expect(withOthers([late], [created, dayExists()])).toEqual([])
    const again = { ...dayExists(), messageId: 'again', timestamp: moment('2026-01-02T03:00:00') }
    expect(withOthers([again], [created, dayExists()])).toEqual([null])
    expect(results(again)).toEqual(['U8'])
  })

  test('makes nothing of the days before and after its own', () => {
    const yesterday = told('create.end', '2025-12-31T10:00:00', { launched_at: '2025-12-31T09:59:59' })
    expect(withOthers([created], [yesterday])).toEqual(['U0'])
    expect(withOthers([dayExists()], [yesterday])).toEqual(['U8'])
  })
})

test('the ids of results are the same each time', () => {
  const events = [created, ...Array.from({ length: 2 }, (_, index) => hourExists(index + 8))]
  const ids = (now: number) =>
    usageResults(verify(events), { streamId: 1, now }).map(({ messageId }) => messageId)
  expect(new Set(ids(0)).size).toBe(3)
  expect(ids(MICROS_PER_DAY)).toEqual(ids(0))
})
