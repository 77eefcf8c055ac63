import type { Waits } from '../../publishing/deliver.ts'
import type { EventTypePatterns } from '../../text/event-type-filter.ts'

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

const TIMES = { type: 'integer', minimum: 1 }

/** What all have that send. */
export const WAIT_PROPERTIES = {
  wait_interval: { ...SECONDS, description: 'first pause before a further try, s (1; atompub: 30)' },
  max_wait: {
    ...SECONDS,
    description: 'longest pause; each is twice as long as the one before, s (60; 600)',
  },
  tries: {
    ...TIMES,
    description:
      'so often one stream is tried that its receiver does not take while it takes others: then it is a dead letter (10)',
  },
}

export const SPLIT_AFTER = {
  ...TIMES,
  description: 'so often a batch is tried before each of its halves is tried by itself (3)',
}

/** What all have that send over HTTP. */
export const HTTP_PROPERTIES = {
  url: HTTP_URL,
  event_types: EVENT_TYPES,
  ...WAIT_PROPERTIES,
  http_timeout: SECONDS,
}

/** Times in seconds. */
export type WaitParams = {
  readonly wait_interval?: number
  readonly max_wait?: number
  readonly tries?: number
}

/** The same as a type. */
export type HttpParams = WaitParams & {
  readonly url: string
  readonly event_types?: EventTypePatterns | null
  readonly http_timeout?: number
}

type WaitDefaults = { readonly wait: number; readonly maxWait: number }
type HttpDefaults = WaitDefaults & { readonly timeout: number }

/** Waits and time-out in ms; what is not given is as the defaults say, in seconds. */
export function httpLimits(
  params: HttpParams,
  defaults: HttpDefaults,
): { readonly waits: Waits; readonly timeoutMs: number } {
  return {
    waits: waitsOf(params, defaults),
    timeoutMs: (params.http_timeout ?? defaults.timeout) * 1000,
  }
}

export function waitsOf(
  { wait_interval, max_wait, tries }: WaitParams,
  { wait, maxWait }: WaitDefaults = QUICK_DEFAULTS,
): Waits {
  return {
    initialMs: (wait_interval ?? wait) * 1000,
    maxMs: (max_wait ?? maxWait) * 1000,
    refusedAfter: tries,
  }
}

/** Of receivers of our own kind: a second, a minute, half a minute. */
export const QUICK_DEFAULTS: HttpDefaults = { wait: 1, maxWait: 60, timeout: 30 }
