import { type Event, momentOf } from '../domain/event.ts'
import type { JsonValue } from '../domain/notification.ts'
import { formatMoment } from '../domain/time.ts'

type Fields = { readonly [name: string]: JsonValue }

const PAYLOAD = [
  'audit_period_beginning',
  'audit_period_ending',
  'launched_at',
  'deleted_at',
  'instance_id',
  'tenant_id',
  'display_name',
  'instance_type',
  'instance_flavor_id',
  'state',
  'state_description',
] as const

const IMAGE_META: { readonly [trait: string]: string } = {
  os_architecture: 'org.openstack__1__architecture',
  os_version: 'org.openstack__1__os_version',
  os_distro: 'org.openstack__1__os_distro',
  rax_options: 'org.rackspace__1__options',
}

const ENVELOPE = ['publisher_id', 'stream_id', 'original_message_id', 'error', 'error_code'] as const

/** Returns the notification as which a result event is published, in the form that other services read. */
export function usageNotification(event: Event): Fields {
  return {
    event_type: event.eventType,
    message_id: event.messageId,
    timestamp: formatMoment(momentOf(event)),
    ...pick(event, ENVELOPE),
    payload: {
      ...pick(event, PAYLOAD),
      bandwidth: {
        public: {
          bw_in: traitValue(event, 'bandwidth_in') ?? 0,
          bw_out: traitValue(event, 'bandwidth_out') ?? 0,
        },
      },
      image_meta: Object.fromEntries(
        Object.entries(IMAGE_META).flatMap(([trait, name]) => {
          const value = traitValue(event, trait)
          return value === undefined ? [] : [[name, value]]
        }),
      ),
    },
  }
}

function pick(event: Event, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = traitValue(event, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function traitValue(event: Event, name: string): JsonValue | undefined {
  const trait = Object.hasOwn(event.traits, name) ? event.traits[name] : undefined
  return trait?.type === 'datetime' ? formatMoment(trait) : trait?.value
}
