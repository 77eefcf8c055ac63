import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice, Notice } from '../notices/notice.ts'
import { contextFields } from '../templates/context.ts'
import { novaTime } from '../templates/nova-time.ts'
import { templateOf } from './template-of.ts'
import { versionedName } from './versioned-name.ts'

/**
 * Format of messages on the bus: `v1` is old-style, `v2` the same in the envelope of oslo.messaging 2.0,
 * `versioned` Nova's versioned notifications in that envelope (those of other services stay old-style).
 */
export const FORMATS = ['v1', 'v2', 'versioned'] as const

export type Format = (typeof FORMATS)[number]

/**
 * Returns the name of an old-style event type in a format; undefined when the format has no such
 * notification.
 */
export function nameIn(format: Format, eventType: string): string | undefined {
  return format === 'versioned' ? versionedName(eventType) : eventType
}

/** Encodes a notice as the body of a message. The same notice always gives the same bytes. */
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

/** Service and host that send a notification, by the first word of its event type. */
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

/** Returns the publisher_id: `compute.HOST`, or in versioned notifications of Nova `nova-compute:HOST`. */
function publisherOf({ eventType, instance }: Notice, style: 'old' | 'versioned'): string {
  const { service, host } = SERVICES[eventType.slice(0, eventType.indexOf('.'))] ?? {
    service: 'compute',
    host: instance?.host ?? 'controller-1',
  }
  const isVersioned = style === 'versioned' && VERSIONED_SERVICES.includes(service)
  return isVersioned ? `nova-${service}:${host}` : `${service}.${host}`
}
