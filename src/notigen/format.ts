import type { JsonObject } from '../domain/notification.ts'
import type { InstanceNotice, Notice } from './notice.ts'
import { Random } from './random.ts'
import { contextFields } from './templates/context.ts'
import { novaTime } from './templates/nova-time.ts'
import { templateOf } from './templates/template-of.ts'
import { versionedName } from './versioned-name.ts'

/**
 * How messages look on the bus: `v1` old-style, `v2` the same in the envelope of oslo.messaging 2.0, `versioned`
 * Nova's versioned notifications in that envelope (those of other services stay as they are).
 */
export const FORMATS = ['v1', 'v2', 'versioned'] as const

export type Format = (typeof FORMATS)[number]

/** The body of a notice's message. Its details, such as traffic, come from its id: they are the same each time. */
export function encodeNotice(notice: Notice, format: Format): string {
  const random = new Random(Number.parseInt(notice.messageId.slice(0, 8), 16))
  const inner = JSON.stringify(format === 'versioned' ? versioned(notice, random) : oldStyle(notice, random))
  if (format === 'v1') return inner
  return JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': inner })
}

function oldStyle(notice: Notice, random: Random): JsonObject {
  return {
    event_type: notice.eventType,
    message_id: notice.messageId,
    publisher_id: publisherOf(notice, ''),
    ...envelope(notice),
    payload: templateOf(notice.eventType, 'old')(notice as InstanceNotice, random),
    ...contextFields(notice.request, random),
  }
}

function versioned(notice: Notice, random: Random): JsonObject {
  return {
    event_type: versionedName(notice.eventType) ?? notice.eventType,
    message_id: notice.messageId,
    publisher_id: publisherOf(notice, 'nova-'),
    ...envelope(notice),
    payload: templateOf(notice.eventType, 'versioned')(notice as InstanceNotice, random),
    ...contextFields(notice.request, random),
  }
}

function envelope({ eventType, at }: Notice): JsonObject {
  return { priority: isError(eventType) ? 'ERROR' : 'INFO', timestamp: novaTime(at) }
}

function isError(eventType: string): boolean {
  return eventType.endsWith('.error') || eventType.endsWith('_instance')
}

/** Publishers by the first word of the event type; of a versioned notification they are called nova-compute. */
const PUBLISHERS: { readonly [word: string]: string } = {
  keypair: 'api.controller-1',
  volume: 'volume.cinder-1@lvm',
  snapshot: 'snapshot.cinder-1@lvm',
  image: 'image.glance-1',
  port: 'network.neutron-1',
  network: 'network.neutron-1',
  subnet: 'network.neutron-1',
  router: 'network.neutron-1',
  floatingip: 'network.neutron-1',
}

function publisherOf({ eventType, instance }: Notice, prefix: '' | 'nova-'): string {
  const separator = prefix === '' ? '.' : ':'
  if (eventType.startsWith('scheduler.')) return `${prefix}scheduler${separator}controller-1`
  return (
    PUBLISHERS[eventType.slice(0, eventType.indexOf('.'))] ??
    `${prefix}compute${separator}${instance?.host ?? 'controller-1'}`
  )
}
