import { expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import type { JsonValue, Notification } from '../../../src/domain/notification.ts'
import {
  eventOf,
  fixtureNotifications,
  loadPack,
  type Pack,
  SERVICES,
  shippedDistiller,
} from '../../support/packs.ts'

// What the values of the fixtures mean stands in test/fixtures/notifications/README.md.
const shipped = await shippedDistiller()
const packs = new Map(
  await Promise.all(SERVICES.map(async (service) => [service, await loadPack(service)] as const)),
)

function packOf(service: string): Pack {
  return packs.get(service) as Pack
}

/** Neutron and Masakari send types of the same name; either pack knows both. */
const SHARED = /^segment\./

/** Texts of a value that satisfy a condition. */
function textsIn(value: JsonValue | undefined, accepts: (text: string) => boolean): string[] {
  if (typeof value === 'string') return accepts(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((item) => textsIn(item as JsonValue, accepts))
}

function traitTexts({ traits }: Event): string[] {
  return Object.values(traits).map(({ value }) => String(value))
}

/** What is wrong with an event, each with the type that it is about. */
function faults(notification: Notification, event: Event): string[] {
  const { event_type: type, payload } = notification
  const texts = traitTexts(event)
  const found: string[] = []
  const own = textsIn(payload, (text) => /(^|\/)own-/.test(text)).map((text) =>
    text.slice(text.indexOf('own-')),
  )
  if (own.length > 0 && !own.some((id) => texts.includes(id))) {
    found.push(`${type}: no trait has the id of its resource (${own.join(', ')})`)
  }
  const why = textsIn(payload, (text) => text.startsWith('why: '))
  if (why.length > 0 && !texts.some((text) => text.startsWith('why: '))) found.push(`${type}: no reason`)
  const tenant = event.traits.tenant_id?.value
  const isOwned = textsIn(payload, (text) => text === 't-owner').length > 0
  const wanted = isOwned ? 't-owner' : (notification._context_project_id ?? notification._context_tenant)
  if (tenant !== wanted) found.push(`${type}: tenant_id is ${tenant}, not ${wanted}`)
  const user = event.traits.user_id?.value
  const userWanted = textsIn(payload, (text) => text === 'u-owner').length > 0 ? 'u-owner' : 'u-caller'
  const isTold =
    userWanted === 'u-owner' || '_context_user_id' in notification || '_context_user' in notification
  if (isTold && user !== userWanted && !NO_USER.test(type))
    found.push(`${type}: user_id is ${user}, not ${userWanted}`)
  if (notification._context_request_id && !event.traits.request_id) found.push(`${type}: no request_id`)
  return found
}

/** Of what the services do by themselves, or tell of each other. */
const NO_USER =
  /^(metrics\.update|libvirt\.connect\.error|hardware\.|dbaas\.quota|identity\.(authenticate|role_assignment))/

test.each(SERVICES)(
  'every documented notification of %s keeps id, tenant, user, request and reason',
  (service) => {
    const notifications = fixtureNotifications(service)
    expect(
      notifications.flatMap((notification) => faults(notification, eventOf(shipped, notification))),
    ).toEqual([])
  },
)

test.each(SERVICES)('the pack of %s alone makes the same events', (service) => {
  const { distiller } = packOf(service)
  for (const notification of fixtureNotifications(service)) {
    if (SHARED.test(notification.event_type)) continue
    expect(distiller.distil(notification, 0), notification.event_type).toEqual(
      shipped.distil(notification, 0),
    )
  }
})

test.each(SERVICES)('no other pack takes a notification of %s', (service) => {
  const types = new Set(fixtureNotifications(service).map(({ event_type }) => event_type))
  const taken = [...types].flatMap((type) =>
    SERVICES.filter((other) => other !== service && packOf(other).distiller.definitionOf(type))
      .filter(() => !SHARED.test(type))
      .map((other) => `${type} is taken by ${other}`),
  )
  expect(taken).toEqual([])
})

test.each(['neutron', 'masakari'])('the segments of %s are known with either pack', (service) => {
  const segments = fixtureNotifications(service).filter(({ event_type }) => SHARED.test(event_type))
  expect(segments.length).toBeGreaterThan(5)
  for (const other of ['neutron', 'masakari']) {
    for (const notification of segments) {
      const event = eventOf(packOf(other).distiller, notification)
      const own = textsIn(notification.payload, (text) => text.startsWith('own-'))
      if (own.length > 0) expect(event.traits.resource_id?.value, notification.event_type).toBe(own[0])
    }
  }
})

test("Neutron's booleans are ints, and what a user may have typed instead makes no trait", () => {
  const { distiller } = packOf('neutron')
  const shared = (value: JsonValue) => {
    const payload = { network: { id: 'n', shared: value } }
    const notification = { event_type: 'network.create.start', message_id: 'm', payload } as Notification
    return eventOf(distiller, notification).traits.shared?.value
  }
  expect([true, 'true', 'True', 1, false, 'False', 0].map(shared)).toEqual([1, 1, 1, 1, 0, 0, 0])
  expect([null, 'perhaps', '', [], {}, 7].map(shared)).toEqual(Array(6).fill(undefined))
})

test('every definition of every pack has a notification that it is for', () => {
  for (const service of SERVICES) {
    const { definitions, distiller } = packOf(service)
    const used = new Set(
      fixtureNotifications(service).map(({ event_type }) => distiller.definitionOf(event_type)?.index),
    )
    const unused = definitions.filter(({ index }) => !used.has(index))
    expect(unused.map(({ patterns }) => `${service}: ${patterns}`)).toEqual([])
  }
})
