import type { Notification } from '../../../sandbox/cloud/capture.ts'

const DAY_MS = 86_400_000

/** What an exists tells of, in milliseconds since the epoch. */
export type AuditPeriod = { readonly begin: number; readonly end: number }

/** Whether it is about a server, and of which form. */
export function formOf({ event_type: type }: Notification): 'unversioned' | 'versioned' | undefined {
  if (type.startsWith('compute.instance.')) return 'unversioned'
  return type.startsWith('instance.') ? 'versioned' : undefined
}

export function serverOf(notification: Notification): string {
  const { instance_id, uuid } = fieldsOf(notification)
  return instance_id ?? uuid
}

/**
 * The day on which a server was deleted of which Nova's clean-up tells once more, perhaps on the next day; undefined for
 * all else.
 */
export function cleanedUpDay(notification: Notification): string | undefined {
  if (!/^(compute\.)?instance\.update$/.test(notification.event_type)) return undefined
  const { state, old_state, state_update, deleted_at: deletedAt } = fieldsOf(notification)
  const { state: now, old_state: before } = state_update?.['nova_object.data'] ?? { state, old_state }
  return now === 'deleted' && before === 'deleted' ? isoDay(utc(deletedAt)) : undefined
}

/** What it tells, whatever its form. */
export function fieldsOf({ payload }: Notification): Notification['payload'] {
  return payload['nova_object.data'] ?? payload
}

/** The period of an exists; undefined for all else. */
export function auditPeriod(notification: Notification): AuditPeriod | undefined {
  if (!notification.event_type.endsWith('instance.exists')) return undefined
  const fields = fieldsOf(notification)
  const told = fields.audit_period?.['nova_object.data'] ?? fields
  return { begin: utc(told.audit_period_beginning), end: utc(told.audit_period_ending) }
}

/** Whether it is the exists of a whole day, sent after it. */
export function isEndOfDay(notification: Notification): boolean {
  const period = auditPeriod(notification)
  return period !== undefined && period.begin % DAY_MS === 0 && period.end - period.begin === DAY_MS
}

/** The day whose story it belongs to, as 2026-11-29: that which it audits, else that on which it was sent. */
export function dayOf(notification: Notification): string {
  const audited = isEndOfDay(notification) ? auditPeriod(notification)?.begin : undefined
  return isoDay(audited ?? utc(notification.timestamp))
}

/** Ids of the messages about each server and day, by form. */
export function serverDays(notifications: readonly Notification[]): Map<string, string[]> {
  const days = new Map<string, string[]>()
  for (const notification of notifications) {
    const form = formOf(notification)
    if (form === undefined) continue
    const key = `${form} ${serverOf(notification)} ${dayOf(notification)}`
    days.set(key, [...(days.get(key) ?? []), notification.message_id].sort())
  }
  return days
}

function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** Nova writes times with a space or a T, with an offset or without. */
function utc(text: string): number {
  const iso = text.replace(' ', 'T')
  return Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`)
}
