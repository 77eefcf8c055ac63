import { REFUSED_AFTER, SPLIT_AFTER, type Waits } from '../../publishing/deliver.ts'
import type { EventTypePatterns } from '../../text/event-type-filter.ts'

// Parameters that several handlers have, as JSON Schema.

export const OPTIONAL_TEXT = { type: ['string', 'null'] }
export const SECONDS = { type: 'number', exclusiveMinimum: 0 }
export const HTTP_URL = { type: 'string', format: 'uri', pattern: '^https?://' }
export const EVENT_TYPES = {
  description: 'globs of the event types that are meant, or one; `!glob` excludes',
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }, { type: 'null' }],
  default: '*',
}
/** The headers of requests: names are HTTP tokens, values are Latin-1 on one line. */
export const HEADERS = {
  description: 'further headers of each request, by name',
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

export const TRIES = {
  ...TIMES,
  description: 'tries of what the receiver does not take while it takes others, before it is a dead letter',
  default: REFUSED_AFTER,
}

export const SPLIT = {
  ...TIMES,
  description: 'tries of a batch before each of its halves is tried by itself',
  default: SPLIT_AFTER,
}

/** Defaults of the pauses between attempts, s. */
type WaitDefaults = { readonly wait: number; readonly maxWait: number }
type HttpDefaults = WaitDefaults & { readonly timeout: number }

/** Defaults for handlers that the original does not have, s. */
export const QUICK: HttpDefaults = { wait: 1, maxWait: 60, timeout: 30 }

/** Returns the parameters of handlers that repeat attempts. */
export function waitProperties({ wait, maxWait }: WaitDefaults) {
  return {
    wait_interval: { ...SECONDS, description: 'first pause before a further try, s', default: wait },
    max_wait: {
      ...SECONDS,
      description: 'longest pause; each is twice as long as the one before, s',
      default: maxWait,
    },
  }
}

/** Returns the parameters of handlers that send over HTTP. */
export function httpProperties(defaults: HttpDefaults) {
  return {
    url: { ...HTTP_URL, description: 'where it is posted to, http(s)' },
    event_types: EVENT_TYPES,
    ...waitProperties(defaults),
    tries: TRIES,
    http_timeout: { ...SECONDS, description: 'longest time of one request, s', default: defaults.timeout },
  }
}

/** Parameters of waitProperties, in seconds. */
export type WaitParams = {
  readonly wait_interval: number
  readonly max_wait: number
}

/** Parameters of httpProperties. */
export type HttpParams = WaitParams & {
  readonly url: string
  readonly event_types: EventTypePatterns
  readonly http_timeout: number
  readonly tries: number
}

export function waitsOf({
  wait_interval,
  max_wait,
  tries,
  split_after,
}: WaitParams & { readonly tries?: number; readonly split_after?: number }): Waits {
  return {
    initialMs: wait_interval * 1000,
    maxMs: max_wait * 1000,
    refusedAfter: tries,
    splitAfter: split_after,
  }
}
