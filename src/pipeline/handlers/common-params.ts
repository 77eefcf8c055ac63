import type { EventTypePatterns } from '../../domain/event-type-filter.ts'
import type { Waits } from '../../publishing/deliver.ts'

// Parameters that several handlers have, as JSON Schema.

export const OPTIONAL_TEXT = { type: ['string', 'null'] }
export const SECONDS = { type: 'number', exclusiveMinimum: 0 }
export const HTTP_URL = { type: 'string', format: 'uri', pattern: '^https?://' }
export const EVENT_TYPES = {
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }, { type: 'null' }],
}
/** Names are tokens of HTTP, values are Latin-1 on one line. */
export const HEADERS = {
  anyOf: [
    {
      type: 'object',
      propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
      additionalProperties: { type: 'string', pattern: '^[\\t\\x20-\\x7e\\xa0-\\xff]*$' },
    },
    { type: 'null' },
  ],
}

/** What all have that send over HTTP. */
export const HTTP_PROPERTIES = {
  url: HTTP_URL,
  event_types: EVENT_TYPES,
  wait_interval: SECONDS,
  max_wait: SECONDS,
  http_timeout: SECONDS,
}

/** The same as a type; times in seconds. */
export type HttpParams = {
  readonly url: string
  readonly event_types?: EventTypePatterns | null
  readonly wait_interval?: number
  readonly max_wait?: number
  readonly http_timeout?: number
}

type HttpDefaults = { readonly wait: number; readonly maxWait: number; readonly timeout: number }

/** Waits and time-out in ms; what is not given is as the defaults say, in seconds. */
export function httpLimits(
  { wait_interval, max_wait, http_timeout }: HttpParams,
  { wait, maxWait, timeout }: HttpDefaults,
): { readonly waits: Waits; readonly timeoutMs: number } {
  return {
    waits: { initialMs: (wait_interval ?? wait) * 1000, maxMs: (max_wait ?? maxWait) * 1000 },
    timeoutMs: (http_timeout ?? timeout) * 1000,
  }
}

/** Of receivers of our own kind: a second, a minute, half a minute. */
export const QUICK_DEFAULTS: HttpDefaults = { wait: 1, maxWait: 60, timeout: 30 }
