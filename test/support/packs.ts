import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadDefinitions } from '../../src/config/load/load-definitions.ts'
import { decodeNotificationText } from '../../src/distiller/decode-notification.ts'
import type { EventDefinition } from '../../src/distiller/definition.ts'
import { createDistiller, type Distiller } from '../../src/distiller/distiller.ts'
import type { Event } from '../../src/domain/event.ts'
import type { Notification } from '../../src/domain/notification.ts'

const CONFIG = resolve(import.meta.dirname, '../../config')
const FIXTURES = resolve(import.meta.dirname, '../fixtures/notifications')

/** Names of the services that have a pack. */
export const SERVICES = readdirSync(join(CONFIG, 'packs')).map((name) => name.replace(/\.yaml$/, ''))

/** The pack of a service, and what distils by it alone. */
export type Pack = { readonly definitions: readonly EventDefinition[]; readonly distiller: Distiller }

export async function loadPack(service: string): Promise<Pack> {
  const definitions = await loadDefinitions(join(CONFIG, 'packs', `${service}.yaml`), {})
  return { definitions, distiller: createDistiller(definitions, { catchAll: false }) }
}

/** What distils by the shipped event_definitions.yaml. */
export async function shippedDistiller(): Promise<Distiller> {
  return createDistiller(await loadDefinitions(join(CONFIG, 'event_definitions.yaml'), {}), {
    catchAll: false,
  })
}

/** The notifications of a service that the tests keep, see the README beside them. */
export function fixtureNotifications(service: string): Notification[] {
  return notificationsOf(readFileSync(join(FIXTURES, `${service}.jsonl`), 'utf8'))
}

/** The notifications of a text with one a line. */
export function notificationsOf(text: string): Notification[] {
  return text.trimEnd().split('\n').map(notificationOf)
}

function notificationOf(line: string): Notification {
  const decoded = decodeNotificationText(line)
  if (!decoded.ok) throw new Error(`${decoded.reason}: ${line.slice(0, 200)}`)
  return decoded.notification
}

/** The event of a notification; throws, naming its type, where there is none. */
export function eventOf(distiller: Distiller, notification: Notification): Event {
  const { event_type, message_id } = notification
  const distilled = distiller.distil(notification, 0)
  if (distilled.kind === 'event') return distilled.event
  const reason = distilled.kind === 'failed' ? distilled.reason : 'no definition matches'
  throw new Error(`${event_type} (${message_id}) becomes no event: ${reason}`)
}
