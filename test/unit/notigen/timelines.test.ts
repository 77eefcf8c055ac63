import { expect, test } from 'vitest'
import { decodeNotificationText } from '../../../src/distiller/decode-notification.ts'
import type { JsonObject } from '../../../src/domain/notification.ts'
import { MICROS_PER_DAY, MICROS_PER_MINUTE, parseIso } from '../../../src/domain/time.ts'
import type { Format } from '../../../src/notigen/format/format.ts'
import { simulate } from '../../../src/notigen/simulation.ts'
import { at } from '../../support/events.ts'

type Told = {
  readonly at: number
  readonly type: string
  readonly payload: JsonObject
  readonly requestId: string
  readonly userId: unknown
}

function told(format: Format): Told[] {
  const start = at('2026-01-01T00:00:00')
  const options = { seed: 3, start, end: start + 6 * MICROS_PER_DAY, instances: 60, operationsPerHour: 40 }
  return [...simulate({ ...options, format })].flatMap(({ at, body }) => {
    const decoded = decodeNotificationText(body)
    if (!decoded.ok) throw new Error(decoded.reason)
    const { event_type, payload, _context_request_id, _context_user_id } = decoded.notification
    const type = event_type.replace('compute.instance.', '')
    const { 'nova_object.data': data = payload } = payload as JsonObject
    const isOfInstance = event_type !== type || event_type.startsWith('instance.')
    const one = { at, type, payload: data as JsonObject, userId: _context_user_id }
    return isOfInstance ? [{ ...one, requestId: String(_context_request_id) }] : []
  })
}

const story = told('v1')
const ofType = (type: string) => story.filter((one) => one.type === type)

/** What the requests of which one is of this type make Nova tell, each as a line. */
function timelines(type: string): readonly (readonly string[])[] {
  const requests = new Set(ofType(type).map(({ requestId }) => requestId))
  const lines = Map.groupBy(story, ({ requestId }) => requestId)
  expect(requests.size).toBeGreaterThan(2)
  return [...requests].map((id) => (lines.get(id) ?? []).map(lineOf))
}

function lineOf({ type, payload }: Told): string {
  const { state, state_description: task, deleted_at, terminated_at, host } = payload
  const marks = [deleted_at && 'deleted_at', terminated_at && 'terminated_at', host === null && 'no host']
  return [type, state, task || '-', ...marks.filter(Boolean)].join(' ')
}

// As a real Nova (Zed) was recorded to tell; the updates between are those of the same state.
test.each([
  [
    'soft_delete.end',
    [
      'update active soft-deleting deleted_at',
      'soft_delete.start active soft-deleting deleted_at',
      'update soft-delete - deleted_at',
      'soft_delete.end soft-delete - deleted_at',
    ],
  ],
  [
    'restore.end',
    [
      'update soft-delete restoring',
      'restore.start soft-delete restoring',
      'update active -',
      'restore.end active -',
    ],
  ],
  [
    'shelve.end',
    [
      'update active shelving',
      'exists active shelving',
      'shelve.start active shelving',
      'update active shelving_image_uploading',
      'update shelved shelving_offloading',
      'shelve.end shelved shelving_offloading',
      'shelve_offload.start shelved shelving_offloading',
      'update shelved_offloaded -',
      'update shelved_offloaded - no host',
      'shelve_offload.end shelved_offloaded - no host',
    ],
  ],
  [
    'unshelve.end',
    [
      'update shelved_offloaded unshelving no host',
      'unshelve.start shelved_offloaded unshelving no host',
      'update shelved_offloaded spawning no host',
      'update shelved_offloaded spawning',
      'update active -',
      'unshelve.end active -',
    ],
  ],
])('%s comes in the course that was recorded', (type, expected) => {
  // From where it began is told by the state of the first lines, which may be another.
  const lines = timelines(type).filter(([first]) => first === expected[0])
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) expect(line).toEqual(expected)
})

test.each([
  ['soft-delete', 'soft-delete deleting deleted_at', 'deleted - deleted_at terminated_at'],
  ['shelved_offloaded', 'shelved_offloaded deleting no host', 'deleted - terminated_at no host'],
])('one that is %s is deleted as was recorded', (state, begun, updated) => {
  const ofState = timelines('delete.end').filter(([first]) => first?.startsWith(`update ${state} `))
  expect(ofState.length).toBeGreaterThan(0)
  for (const line of ofState) {
    expect(line.filter((one) => !one.startsWith('update'))).toEqual([
      ...['delete.start', 'shutdown.start', 'shutdown.end'].map((type) => `${type} ${begun}`),
      `delete.end deleted - deleted_at terminated_at${begun.endsWith('no host') ? ' no host' : ''}`,
    ])
    expect(line.at(-2)).toBe(`update ${updated}`)
  }
})

/** With the value in Nova's memory; all others come out of its database. */
const WITH_MICROSECONDS: { readonly [field: string]: readonly string[] } = {
  launched_at: [
    'create.end',
    'rebuild.end',
    'finish_resize.end',
    'resize.revert.end',
    'rescue.end',
    'unshelve.end',
  ],
  terminated_at: ['delete.end'],
  deleted_at: [],
}

test.each(Object.entries(WITH_MICROSECONDS))('%s has microseconds in %j only', (field, types) => {
  const isSoftDeleting = ({ type, payload }: Told) =>
    type === 'update' && payload.state_description === 'soft-deleting' && payload.state !== 'soft-delete'
  const withTime = story.filter(({ payload }) => payload[field] !== '' && payload[field] !== undefined)
  const precise = withTime.filter(({ payload }) => !String(payload[field]).endsWith('.000000'))
  const found = new Set(
    precise.filter((one) => field !== 'deleted_at' || !isSoftDeleting(one)).map((one) => one.type),
  )
  expect([...found].sort()).toEqual([...types].sort())
  const cut = withTime.filter((one) => types.includes(one.type) && !precise.includes(one))
  expect(cut).toEqual([])
})

test('what was launched is told of in whole seconds from then on, cut and not rounded', () => {
  const launches = new Map<unknown, string>()
  let compared = 0
  for (const { type, payload } of story) {
    const { instance_id: id, launched_at } = payload
    if (WITH_MICROSECONDS.launched_at?.includes(type)) launches.set(id, String(launched_at))
    else if (['exists', 'power_off.start', 'delete.end', 'reboot.end'].includes(type) && launches.has(id)) {
      compared++
      expect(launched_at).toBe(`${launches.get(id)?.slice(0, -7)}.000000`)
    }
  }
  expect(compared).toBeGreaterThan(100)
})

test('versioned notifications have whole seconds', () => {
  const times = told('versioned').flatMap(({ payload }) => [
    payload.launched_at,
    payload.deleted_at,
    payload.terminated_at,
  ])
  expect(times.filter((time) => time !== null && !/^[\dT:-]{19}Z$/.test(String(time)))).toEqual([])
})

test('Nova cleans up once after each deletion on a host, within minutes, by itself', () => {
  const isCleanUp = ({ type, payload }: Told) =>
    type === 'update' && payload.state === 'deleted' && payload.old_state === 'deleted'
  const cleanUps = Map.groupBy(story.filter(isCleanUp), ({ payload }) => payload.instance_id)
  const until = (story.at(-1)?.at ?? 0) - 30 * MICROS_PER_MINUTE
  for (const { at, payload } of ofType('delete.end').filter((one) => one.at < until)) {
    const found = cleanUps.get(payload.instance_id) ?? []
    if (payload.host === null || payload.launched_at === '') expect(found).toEqual([])
    else {
      expect(found.length).toBe(1)
      const [one] = found as [Told]
      expect(one.at - at).toBeGreaterThan(0)
      expect(one.at - at).toBeLessThanOrEqual(5 * MICROS_PER_MINUTE)
      expect(one.userId).toBeNull()
      expect(one.payload).toMatchObject({ state_description: '', deleted_at: payload.deleted_at })
    }
  }
  expect(cleanUps.size).toBeGreaterThan(50)
})

test.each([
  ['resize_prep', 'resize.prep.start', 'before'],
  ['rebuilding', 'rebuild.start', 'before'],
  ['shelving', 'shelve.start', 'before'],
  ['resize_reverting', 'resize.revert.start', 'before'],
  ['rescuing', 'rescue.start', 'after'],
] as const)('the immediate exists of %s is sent with %s, %s it', (task, type, order) => {
  const starts = new Map(ofType(type).map((one) => [one.requestId, one]))
  const immediate = ofType('exists').filter(({ payload }) => payload.state_description === task)
  const ofRequest = immediate.filter(({ requestId }) => starts.has(requestId))
  expect(ofRequest.length).toBeGreaterThan(0)
  for (const { requestId, at: sentAt, payload } of ofRequest) {
    const start = starts.get(requestId)?.at ?? 0
    expect(order === 'before' ? start - sentAt : sentAt - start).toBeGreaterThan(0)
    expect(parseIso(String(payload.audit_period_ending))).toBe(sentAt)
  }
})
