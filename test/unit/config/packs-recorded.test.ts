import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import type { Notification } from '../../../src/domain/notification.ts'
import type { Trait } from '../../../src/domain/trait.ts'
import { versionedName } from '../../../src/notigen/format/versioned-name.ts'
import { eventOf, loadPack, notificationsOf, SERVICES, shippedDistiller } from '../../support/packs.ts'

/** Notifications of a real Nova, Glance, Cinder and Keystone, where they are beside the checkout. */
const RECORDED = resolve(import.meta.dirname, '../../../../shared/notifications/nova-zed')
const FILES = ['v1', 'v2', 'versioned', 'both-hour']

const distiller = await shippedDistiller()

function recorded(name: string): Notification[] {
  const packed = readFileSync(resolve(RECORDED, `nova-zed-${name}.jsonl.gz`))
  return notificationsOf(gunzipSync(packed).toString('utf8'))
}

const IDS = [
  'instance_id',
  'image_id',
  'volume_id',
  'resource_id',
  'aggregate_id',
  'server_group_id',
  'service_id',
]

/** A failed call that the versioned form tells of without saying of what. */
const NAMELESS = 'compute.exception'

describe.runIf(existsSync(RECORDED))('what a real cloud sent', () => {
  test.each(FILES)('%s: all become events with the id of their resource', (name) => {
    const faults = recorded(name).flatMap((notification) => {
      const { event_type: type, payload } = notification
      const { traits } = eventOf(distiller, notification)
      const hasId = [...IDS, 'key_name'].some((id) => traits[id]) || type === NAMELESS
      // Keystone's basic form says nothing of tenants.
      const isOwned = traits.tenant_id || type.startsWith('identity.')
      const reason = (payload as { reason?: unknown } | null)?.reason
      return [
        ...(hasId ? [] : [`${type}: no id`]),
        ...(isOwned ? [] : [`${type}: no tenant_id`]),
        ...(reason && !traits.reason ? [`${type}: no reason`] : []),
      ]
    })
    expect([...new Set(faults)]).toEqual([])
  })

  test('each type is known to the pack of its service, and to no other', async () => {
    const packs = await Promise.all(
      SERVICES.map(async (service) => ({ service, pack: await loadPack(service) })),
    )
    const types = new Set(FILES.flatMap(recorded).map(({ event_type }) => event_type))
    const services = { image: 'glance', volume: 'cinder', identity: 'keystone' } as const
    for (const type of types) {
      const takers = packs
        .filter(({ pack }) => pack.distiller.definitionOf(type))
        .map(({ service }) => service)
      const kind = type.split('.')[0] as keyof typeof services
      expect(takers, type).toEqual([services[kind] ?? 'nova'])
    }
  })

  test('failed calls and boots say why', () => {
    const failed = FILES.flatMap(recorded).filter(({ event_type: type }) =>
      /^(compute_task\.|compute\.exception$|\w+$|compute\.instance\..*\.error$|instance\..*\.error$)/.test(
        type,
      ),
    )
    expect(failed.length).toBeGreaterThan(20)
    for (const notification of failed) {
      expect(eventOf(distiller, notification).traits.message?.value, notification.event_type).toMatch(/./)
    }
  })

  test('old style and versioned give the same traits for the same thing', () => {
    const events = recorded('both-hour').map((notification) => eventOf(distiller, notification))
    const versioned = Map.groupBy(events, (event) => keyOf(event))
    let pairs = 0
    for (const event of events.filter(({ eventType }) => eventType.startsWith('compute.instance.'))) {
      const twin = versioned.get(keyOf(event, versionedName(event.eventType) ?? ''))?.shift()
      if (!twin) continue
      pairs++
      for (const name of Object.keys(event.traits).filter(
        (trait) => twin.traits[trait] && trait !== 'service',
      )) {
        const [a, b] = [event.traits[name], twin.traits[name]] as [Trait, Trait]
        expect(comparable(a), `${name} of ${event.eventType}`).toEqual(comparable(b))
      }
    }
    expect(pairs).toBeGreaterThan(200)
  })
})

/** What two notifications of the same operation on the same instance have in common. */
function keyOf({ traits, eventType }: Event, type = eventType): string {
  return `${type} ${traits.instance_id?.value}`
}

/** Versioned notifications tell whole seconds. */
function comparable({ type, value }: Trait): unknown {
  return type === 'datetime' ? Math.floor(value / 1_000_000) : value
}
