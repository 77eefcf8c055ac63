import { LONGEST_TTL_S, type WireStatus } from './entry.ts'

/** How long a received status holds from now on, and since when it is known; seconds. */
export type Remaining = { readonly ttl: number; readonly since?: number }

/**
 * Returns how long a received status still holds. Where the sender knows since when it is so (`since`), nothing of the
 * time is lost. Otherwise the rest is cut to whole seconds, as hermes does, and the time before is not known. A ttl of
 * less than a second, or in the first case of 0 or less, says that the status is over.
 *
 * @example
 * remainingOf({ value: '', age: 12.5, ttl: 60 }) // { ttl: 47 }
 * remainingOf({ value: '', age: 12.5, ttl: 60, since: 90 }) // { ttl: 47.5, since: 90 }
 */
export function remainingOf({ age, ttl, since }: WireStatus): Remaining {
  const left = Math.min(ttl - age, LONGEST_TTL_S)
  // No negative zero: it would be written so.
  if (since === undefined) return { ttl: Math.trunc(left) + 0 }
  return { ttl: Math.max(left, 0), since }
}
