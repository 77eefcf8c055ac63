/** What one client may take of the server. */
export type Limits = {
  /** longest time that an answer may take, ms */
  readonly queryTimeoutMs: number
  /** requests of one address in a minute */
  readonly requestsPerMinute: number
}

/** Limits of a server that is given none. */
export const DEFAULT_LIMITS: Limits = { queryTimeoutMs: 30_000, requestsPerMinute: 6000 }
