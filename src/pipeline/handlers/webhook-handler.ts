import { createHmac } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Event } from '../../domain/event.ts'
import { type TypedEvent, typedEvent } from '../../formats/typed-form.ts'
import { requireSuccess } from '../../publishing/deliver.ts'
import { hostOf, sendHttp } from '../../publishing/http-request.ts'
import { receiverOf } from '../../publishing/receiver.ts'
import { stringifyJson } from '../../text/json.ts'
import type { Handler, HandlerContext, HandlerParams } from '../handler.ts'
import {
  HEADERS,
  HTTP_PROPERTIES,
  type HttpParams,
  httpLimits,
  OPTIONAL_TEXT,
  QUICK_DEFAULTS,
  SPLIT_AFTER,
} from './common-params.ts'
import { Gathering } from './gathering.ts'
import { meantEvents } from './meant-events.ts'

type Params = HttpParams & {
  readonly batch_size?: number
  readonly batch_ms?: number
  readonly parallel?: number
  readonly split_after?: number
  readonly gzip?: boolean
  readonly headers?: { readonly [name: string]: string } | null
  readonly secret?: string | null
}

const pack = promisify(gzip)

/** Batches are gathered over all runs of one step of a pipeline: their parameters are one object. */
const gatherings = new WeakMap<HandlerParams, Gathering<TypedEvent>>()

/**
 * Posts events to a URL, in batches: `{"events": [<typed form>, …]}`. With a secret, `x-stacktach-signature` is
 * `sha256=` and the HMAC of the JSON text as hex digits.
 */
export class WebhookHandler implements Handler {
  static readonly schema = {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: {
      ...HTTP_PROPERTIES,
      batch_size: { type: 'integer', minimum: 1 },
      batch_ms: { type: 'number', minimum: 0 },
      parallel: { type: 'integer', minimum: 1 },
      split_after: SPLIT_AFTER,
      gzip: { type: 'boolean' },
      headers: HEADERS,
      secret: OPTIONAL_TEXT,
    },
  }

  readonly #params: Params
  readonly #gathering: Gathering<TypedEvent>
  readonly #context: HandlerContext
  #events: readonly TypedEvent[] = []

  constructor(params: HandlerParams, context: HandlerContext) {
    this.#context = context
    this.#params = params as Params
    const { batch_size = 100, batch_ms = 50, parallel = 4, split_after } = this.#params
    this.#gathering =
      gatherings.get(params) ??
      new Gathering({
        size: batch_size,
        waitMs: batch_ms,
        parallel,
        send: (events) => postEvents(events, this.#params, context),
        receiver: receiverOf(params, hostOf(this.#params.url)),
        waits: { ...httpLimits(this.#params, QUICK_DEFAULTS).waits, splitAfter: split_after },
        context: { logger: context.logger, signal: context.signal },
      })
    gatherings.set(params, this.#gathering)
  }

  handleEvents(events: readonly Event[]): readonly Event[] {
    this.#events = meantEvents(events, this.#params).map(typedEvent)
    return events
  }

  commit(): Promise<void> {
    return this.#gathering.add(this.#events, this.#context.waitsAlone)
  }

  rollback(): void {
    this.#events = []
  }

  wouldPublish(): readonly unknown[] {
    return this.#events.length === 0 ? [] : [{ events: this.#events }]
  }
}

/** Once; see requireSuccess for how it fails. */
async function postEvents(
  events: readonly TypedEvent[],
  params: Params,
  context: HandlerContext,
): Promise<void> {
  const { url, headers, secret } = params
  const { timeoutMs } = httpLimits(params, QUICK_DEFAULTS)
  const text = stringifyJson({ events })
  const body = params.gzip ? await pack(text) : text
  const signature = secret ? `sha256=${createHmac('sha256', secret).update(text).digest('hex')}` : undefined
  const sent = {
    ...headers,
    'content-type': 'application/json',
    ...(params.gzip ? { 'content-encoding': 'gzip' } : {}),
    ...(signature ? { 'x-stacktach-signature': signature } : {}),
  }
  const answer = await sendHttp({ url, method: 'POST', headers: sent, body, timeoutMs }, context.signal)
  requireSuccess(hostOf(url), answer.status, answer.text)
}
