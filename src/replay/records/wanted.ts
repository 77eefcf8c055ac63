import { decodeNotification } from '../../distiller/decode-notification.ts'
import { readableTime } from '../../distiller/distiller.ts'
import type { Event } from '../../domain/event.ts'
import type { Notification } from '../../domain/notification.ts'
import type { Micros } from '../../domain/time.ts'
import { holdsTraits, type TraitCondition } from '../../domain/trait-condition.ts'

/** Which notifications are replayed. */
export type Wanted = {
  /** events of this time and later */
  readonly from?: Micros | undefined
  /** events before this time */
  readonly to?: Micros | undefined
  readonly acceptsType?: ((eventType: string) => boolean) | undefined
  /** conditions on traits, all of which must hold */
  readonly traits?: readonly TraitCondition[] | undefined
}

/** Whether an event has a time and traits that are wanted. */
export function isWanted(
  { timestamp, traits }: Pick<Event, 'timestamp' | 'traits'>,
  wanted: Wanted,
): boolean {
  const { from = -Infinity, to = Infinity } = wanted
  return timestamp >= from && timestamp < to && holdsTraits(traits, wanted.traits ?? [])
}

/** Whether a notification has a time of its own, or none is asked for. */
export function hasWantedTime(notification: Notification, { from, to }: Wanted): boolean {
  return (from === undefined && to === undefined) || readableTime(notification) !== undefined
}

/**
 * Whether what no event can be made of is wanted: where something is asked for it must be known to have it, so that it has
 * to be a notification of a wanted time and type.
 */
export function isWantedUnmade(body: Buffer, wanted: Wanted): boolean {
  const { from, to, acceptsType, traits = [] } = wanted
  if (traits.length > 0) return false
  if (from === undefined && to === undefined && !acceptsType) return true
  const decoded = decodeNotification(body)
  if (!decoded.ok || !hasWantedTime(decoded.notification, wanted)) return false
  const timestamp = readableTime(decoded.notification) ?? from ?? 0
  const isOfTime =
    (from === undefined && to === undefined) || isWanted({ timestamp, traits: {} }, { from, to })
  return isOfTime && (acceptsType?.(decoded.notification.event_type) ?? true)
}
