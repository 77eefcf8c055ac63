import type { Event } from '../../domain/event.ts'
import { isJsonObject, type JsonValue } from '../../domain/notification.ts'
import { parseMoment } from '../../domain/time.ts'
import type { Trait } from '../../domain/trait.ts'
import type { AppMessage } from './app.ts'

/** The traits of an instance's usage, and their paths in the payload of Nova's notifications. */
const FIELDS: { readonly [trait: string]: readonly string[] } = {
  instance_id: ['instance_id'],
  display_name: ['display_name'],
  tenant_id: ['tenant_id'],
  instance_flavor_id: ['instance_flavor_id'],
  instance_flavor: ['instance_type'],
  state: ['state'],
  state_description: ['state_description'],
  audit_period_beginning: ['audit_period_beginning'],
  audit_period_ending: ['audit_period_ending'],
  launched_at: ['launched_at'],
  deleted_at: ['deleted_at'],
  terminated_at: ['terminated_at'],
  bandwidth_in: ['bandwidth', 'public', 'bw_in'],
  bandwidth_out: ['bandwidth', 'public', 'bw_out'],
  rax_options: ['image_meta', 'com.rackspace__1__options'],
}

const TIMES = new Set([
  'audit_period_beginning',
  'audit_period_ending',
  'launched_at',
  'deleted_at',
  'terminated_at',
])

/** Makes an event of the usage in a notification of an instance, without any event definition. */
export function usageEvent({ messageId, eventType, notification }: AppMessage): Event {
  const traits: { [name: string]: Trait } = {}
  for (const [name, path] of Object.entries(FIELDS)) {
    const trait = traitOf(name, valueAt(notification.payload, path))
    if (trait) traits[name] = trait
  }
  return { messageId, eventType, timestamp: 0, traits }
}

function valueAt(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  let at = value
  for (const part of path) at = isJsonObject(at) && Object.hasOwn(at, part) ? at[part] : undefined
  return at
}

function traitOf(name: string, value: JsonValue | undefined): Trait | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (TIMES.has(name)) {
    const time = parseMoment(String(value))
    return time && { type: 'datetime', ...time }
  }
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'int' : 'float', value }
  return { type: 'text', value: String(value) }
}
