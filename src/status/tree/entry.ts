/** A status as it stands in JSON: a text, and how long it holds. All times in seconds. */
export type WireStatus = {
  readonly value: string
  /** time since this process has stored it */
  readonly age: number
  /** time from its storing to its end */
  readonly ttl: number
  /** time since it was reported where it comes from; undefined where that is not known */
  readonly since?: number
}

/** A status as another process has sent it; null where its place in the model was empty. */
export type ReceivedStatus = { readonly key: string; readonly status: WireStatus | null }

/** A status with its key. */
export type Status = WireStatus & { readonly key: string }

/** Why a status, or the body of a request, was not taken. */
export type RefusalReason =
  | 'contract'
  | 'key_length'
  | 'depth'
  | 'value_length'
  | 'full'
  | 'own'
  | 'prefix'
  | 'ring'
  | 'null'
  | 'body'

/** Bounds of what a process keeps. */
export type StatusLimits = {
  /** most keys */
  readonly keys: number
  /** most characters of all keys and values */
  readonly characters: number
  /** most characters of a key */
  readonly keyLength: number
  /** most children, by the first part of their keys */
  readonly children: number
  /** most parts of a key */
  readonly depth: number
  /** most characters of a value */
  readonly valueLength: number
}

export const STATUS_LIMITS: StatusLimits = {
  keys: 100_000,
  characters: 32 * 1024 * 1024,
  keyLength: 1024,
  children: 2000,
  depth: 32,
  valueLength: 256 * 1024,
}

/** Time to live of a status for which none is given, seconds. */
export const DEFAULT_TTL_S = 600

/** Longest time to live, seconds: what 64 bits hold in nanoseconds. */
export const LONGEST_TTL_S = 9_223_372_036
