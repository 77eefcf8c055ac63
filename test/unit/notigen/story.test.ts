import { expect, test } from 'vitest'
import { decodeNotificationText } from '../../../src/distiller/decode-notification.ts'
import type { JsonObject } from '../../../src/domain/notification.ts'
import { MICROS_PER_DAY } from '../../../src/domain/time.ts'
import type { Format } from '../../../src/notigen/format/format.ts'
import { simulate } from '../../../src/notigen/simulation.ts'
import { at } from '../../support/events.ts'

type Told = { readonly type: string; readonly payload: JsonObject; readonly requestId: string }

function told(format: Format = 'v1'): Told[] {
  const start = at('2026-01-01T00:00:00')
  const options = { seed: 2, start, end: start + 10 * MICROS_PER_DAY, instances: 80, operationsPerHour: 30 }
  return [...simulate({ ...options, format })].map(({ body }) => {
    const decoded = decodeNotificationText(body)
    if (!decoded.ok) throw new Error(decoded.reason)
    const { event_type: type, payload, _context_request_id: requestId } = decoded.notification
    return { type, payload: payload as JsonObject, requestId: String(requestId) }
  })
}

const story = told()
const versioned = told('versioned')
const ofType = (type: string) => story.filter((one) => one.type === type)

function byInstance(): Map<string, Told[]> {
  const lives = new Map<string, Told[]>()
  for (const one of story) {
    const { instance_id: id } = one.payload
    if (typeof id === 'string' && one.type.startsWith('compute.instance.'))
      lives.set(id, [...(lives.get(id) ?? []), one])
  }
  return lives
}

test('an image that is made has an id of its own', () => {
  const ids = ofType('image.create').map(({ payload }) => payload.id)
  expect(ids.length).toBeGreaterThan(100)
  expect(new Set(ids).size).toBe(ids.length)
  const volumes = new Set(ofType('volume.create.end').map(({ payload }) => payload.volume_id))
  expect(ids.filter((id) => volumes.has(id as string))).toEqual([])
})

test('what is rebuilt was launched before', () => {
  const rebuilt = ofType('compute.instance.rebuild.start')
  expect(rebuilt.length).toBeGreaterThan(20)
  for (const { payload } of rebuilt) expect(payload.launched_at).not.toBe('')
})

test('a live migration leads to another host, a reverted resize back to the old one', () => {
  let [migrations, reverts] = [0, 0]
  for (const life of byInstance().values()) {
    const hosts: { [type: string]: unknown } = {}
    for (const { type, payload } of life) {
      if (type.endsWith('live_migration.post.dest.end')) {
        migrations++
        expect(payload.host).not.toBe(hosts['compute.instance.live_migration.pre.start'])
      }
      if (type.endsWith('resize.revert.end')) {
        reverts++
        expect(payload.host).toBe(hosts['compute.instance.resize.prep.start'])
      }
      hosts[type] = payload.host
    }
  }
  expect(migrations).toBeGreaterThan(0)
  expect(reverts).toBeGreaterThan(0)
})

test('a resize tells the flavor that it leads to', () => {
  let resizes = 0
  for (const life of byInstance().values()) {
    let promised: unknown
    for (const { type, payload } of life) {
      if (type === 'compute.instance.resize.prep.end') promised = payload.new_instance_type
      if (type !== 'compute.instance.finish_resize.end') continue
      resizes++
      expect(payload.instance_type).toBe(promised)
    }
  }
  expect(resizes).toBeGreaterThan(5)
})

test('the traffic of a period only grows', () => {
  let compared = 0
  for (const life of byInstance().values()) {
    const last = new Map<unknown, number>()
    for (const { payload } of life) {
      const { public: network } = (payload.bandwidth ?? {}) as { public?: { bw_in: number } }
      if (!network) continue
      const period = payload.audit_period_beginning
      expect(network.bw_in).toBeGreaterThanOrEqual(last.get(period) ?? 0)
      last.set(period, network.bw_in)
      compared++
    }
  }
  expect(compared).toBeGreaterThan(1000)
})

test('each call of an API has a request id of its own', () => {
  const requests = (type: string) => new Set(ofType(type).map(({ requestId }) => requestId))
  const deleted = requests('keypair.delete.start')
  expect(deleted.size).toBeGreaterThan(0)
  for (const begun of ['keypair.create.start', 'keypair.import.start']) {
    expect([...requests(begun)].filter((id) => deleted.has(id))).toEqual([])
  }
  expect([...requests('image.delete')].filter((id) => requests('image.update').has(id))).toEqual([])
})

test.each([
  ['instance.create.end', 'InstanceCreatePayload', 'tags'],
  ['instance.rebuild.start', 'InstanceActionRebuildPayload', 'trusted_image_certificates'],
  ['instance.rescue.end', 'InstanceActionRescuePayload', 'rescue_image_ref'],
  ['instance.unrescue.end', 'InstanceActionPayload', 'fault'],
  ['instance.resize_prep.end', 'InstanceActionResizePrepPayload', 'new_flavor'],
  ['instance.snapshot.start', 'InstanceActionSnapshotPayload', 'snapshot_image_id'],
  ['instance.volume_attach.end', 'InstanceActionVolumePayload', 'volume_id'],
  ['instance.update', 'InstanceUpdatePayload', 'state_update'],
  ['instance.exists', 'InstanceExistsPayload', 'audit_period'],
  ['compute.exception', 'ExceptionPayload', 'exception_message'],
  ['keypair.import.end', 'KeypairPayload', 'public_key'],
  ['scheduler.select_destinations.end', 'RequestSpecPayload', 'flavor'],
])('%s is a versioned %s', (type, name, field) => {
  const payloads = versioned.filter((one) => one.type === type).map(({ payload }) => payload)
  expect(payloads.length).toBeGreaterThan(0)
  for (const payload of payloads) {
    expect(payload['nova_object.name']).toBe(name)
    expect(payload['nova_object.data']).toHaveProperty(field)
  }
})
