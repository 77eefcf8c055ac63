import type { JsonObject } from '../domain/notification.ts'
import type { InstanceNotice, Notice } from './notice.ts'
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

/** What an old-style event type is called in a format; undefined where it has no such notification. */
export function nameIn(format: Format, eventType: string): string | undefined {
  return format === 'versioned' ? versionedName(eventType) : eventType
}

/** The body of a notice's message; the same each time. */
export function encodeNotice(notice: Notice, format: Format): string {
  const inner = JSON.stringify(documentOf(notice, format))
  if (format === 'v1') return inner
  return JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': inner })
}

function documentOf(notice: Notice, format: Format): JsonObject {
  const { eventType, messageId, at } = notice
  const style = format === 'versioned' ? 'versioned' : 'old'
  return {
    event_type: nameIn(format, eventType) ?? eventType,
    message_id: messageId,
    publisher_id: publisherOf(notice, style),
    priority: isError(eventType) ? 'ERROR' : 'INFO',
    timestamp: novaTime(at),
    payload: templateOf(eventType, style)(notice as InstanceNotice),
    ...contextFields(notice),
  }
}

function isError(eventType: string): boolean {
  return eventType.endsWith('.error') || eventType.endsWith('_instance')
}

/** Where a notification comes from, by the first word of its event type. */
const SERVICES: { readonly [word: string]: { readonly service: string; readonly host: string } } = {
  scheduler: { service: 'scheduler', host: 'controller-1' },
  keypair: { service: 'api', host: 'controller-1' },
  volume: { service: 'volume', host: 'cinder-1@lvm' },
  snapshot: { service: 'snapshot', host: 'cinder-1@lvm' },
  image: { service: 'image', host: 'glance-1' },
  port: { service: 'network', host: 'neutron-1' },
  network: { service: 'network', host: 'neutron-1' },
  subnet: { service: 'network', host: 'neutron-1' },
  router: { service: 'network', host: 'neutron-1' },
  floatingip: { service: 'network', host: 'neutron-1' },
}

const VERSIONED_SERVICES = ['scheduler', 'api', 'compute']

/** `compute.HOST`; in versioned notifications Nova calls itself `nova-compute:HOST`. */
function publisherOf({ eventType, instance }: Notice, style: 'old' | 'versioned'): string {
  const { service, host } = SERVICES[eventType.slice(0, eventType.indexOf('.'))] ?? {
    service: 'compute',
    host: instance?.host ?? 'controller-1',
  }
  const isVersioned = style === 'versioned' && VERSIONED_SERVICES.includes(service)
  return isVersioned ? `nova-${service}:${host}` : `${service}.${host}`
}
