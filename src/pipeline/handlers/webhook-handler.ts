import { createHmac } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Event } from '../../domain/event.ts'
import { hash128 } from '../../domain/hash.ts'
import { CLOUD_EVENT, CLOUD_EVENTS, cloudEvent } from '../../formats/cloud-event.ts'
import { type TypedEvent, typedEvent } from '../../formats/typed-form.ts'
import { requireSuccess } from '../../publishing/deliver.ts'
import { hostOf, sendHttp } from '../../publishing/http-request.ts'
import { openReceiver } from '../../publishing/open-receiver.ts'
import { standardHeaders } from '../../publishing/standard-webhook.ts'
import { stringifyJson } from '../../text/json.ts'
import type { Handler, HandlerContext, HandlerParams, HandlerServices, OpenedHandler } from '../handler.ts'
import {
  HEADERS,
  type HttpParams,
  httpProperties,
  OPTIONAL_TEXT,
  QUICK,
  SPLIT,
  waitsOf,
} from './common-params.ts'
import { Gathering } from './gathering.ts'
import { compileMeantEvents } from './meant-events.ts'

type Params = HttpParams & {
  readonly batch_size: number
  readonly batch_ms: number
  readonly parallel: number
  readonly split_after: number
  readonly gzip: boolean
  readonly headers?: { readonly [name: string]: string } | null
  readonly secret?: string | null
  readonly format: 'events' | 'cloudevents'
  readonly source: string
  readonly sha256_signature: boolean
}

/** The state that all runs of a step share: batches are gathered over several runs. */
type Step = {
  readonly meantOf: (events: readonly Event[]) => readonly Event[]
  readonly gathering: Gathering<TypedEvent>
  readonly params: Params
}

const pack = promisify(gzip)

/**
 * Posts events to a URL, in batches: `{"events": [<typed form>, …]}`, or as CloudEvents 1.0. With a secret, requests are
 * signed as Standard Webhooks has it, and in the header `x-stacktach-signature`.
 */
export class WebhookHandler implements Handler {
  static readonly description =
    'Posts `{"events": […]}` or CloudEvents 1.0 to a URL, in batches that are gathered over streams.'

  static readonly schema = {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: {
      ...httpProperties(QUICK),
      batch_size: { type: 'integer', minimum: 1, description: 'most events of one request', default: 100 },
      batch_ms: { type: 'number', minimum: 0, description: 'longest wait for more events, ms', default: 50 },
      parallel: { type: 'integer', minimum: 1, description: 'requests at the same time', default: 4 },
      split_after: SPLIT,
      gzip: { type: 'boolean', description: 'bodies are packed', default: false },
      headers: HEADERS,
      secret: {
        ...OPTIONAL_TEXT,
        description:
          'signs the JSON text: `webhook-id`, `webhook-timestamp` and `webhook-signature` of Standard Webhooks; `whsec_` and a key in base64, or the key as it is',
      },
      sha256_signature: {
        type: 'boolean',
        description:
          'also `x-stacktach-signature`: `sha256=` and the HMAC of the JSON text by the secret, as hex digits',
        default: true,
      },
      format: {
        enum: ['events', 'cloudevents'],
        description:
          'the body: `{"events": […]}` in the typed form, or a batch of CloudEvents 1.0 (a single one where batch_size is 1)',
        default: 'events',
      },
      source: {
        type: 'string',
        pattern: '^\\S+$',
        description: '`source` of CloudEvents: where the events come from',
        default: 'urn:x-stacktach',
      },
    },
  }

  static open(given: HandlerParams, services: HandlerServices): OpenedHandler<WebhookHandler> {
    const params = given as Params
    const { batch_size: size, batch_ms: waitMs, parallel } = params
    const step: Step = {
      params,
      meantOf: compileMeantEvents(params.event_types),
      gathering: new Gathering({
        size,
        waitMs,
        parallel,
        send: (events) => postEvents(events, params, services.signal),
        receiver: openReceiver(services, hostOf(params.url), params.url),
        waits: waitsOf(params),
        context: { signal: services.signal },
      }),
    }
    return { forRun: (context) => new WebhookHandler(step, context) }
  }

  readonly #step: Step
  readonly #waitsAlone: HandlerContext['waitsAlone']
  #events: readonly TypedEvent[] = []

  constructor(step: Step, { waitsAlone }: HandlerContext) {
    this.#step = step
    this.#waitsAlone = waitsAlone
  }

  handleEvents(events: readonly Event[]): readonly Event[] {
    this.#events = this.#step.meantOf(events).map(typedEvent)
    return events
  }

  commit(): Promise<void> {
    return this.#step.gathering.add(this.#events, this.#waitsAlone)
  }

  rollback(): void {
    this.#events = []
  }

  wouldPublish(): readonly unknown[] {
    return this.#events.length === 0 ? [] : [bodyOf(this.#events, this.#step.params)]
  }
}

/** Posts events once. Rejects as sendHttp and requireSuccess do. */
async function postEvents(events: readonly TypedEvent[], params: Params, signal: AbortSignal): Promise<void> {
  const { url, headers } = params
  const timeoutMs = params.http_timeout * 1000
  const text = stringifyJson(bodyOf(events, params))
  const body = params.gzip ? await pack(text) : text
  const sent = {
    ...headers,
    'content-type': typeOf(params),
    ...(params.gzip ? { 'content-encoding': 'gzip' } : {}),
    ...signatures(events, text, params),
  }
  const answer = await sendHttp({ url, method: 'POST', headers: sent, body, timeoutMs }, signal)
  requireSuccess(hostOf(url), answer.status, answer.text)
}

function bodyOf(events: readonly TypedEvent[], { format, source, batch_size }: Params): object {
  if (format === 'events') return { events }
  const encoded = events.map((event) => cloudEvent(event, source))
  const [only] = encoded
  return batch_size === 1 && only ? only : encoded
}

function typeOf({ format, batch_size }: Params): string {
  if (format === 'events') return 'application/json'
  return batch_size === 1 ? CLOUD_EVENT : CLOUD_EVENTS
}

/** Signs a body; the id is the same whenever these events are sent together. */
function signatures(
  events: readonly TypedEvent[],
  body: string,
  { secret, sha256_signature }: Params,
): { readonly [header: string]: string } {
  if (!secret) return {}
  const id = `msg_${hash128(JSON.stringify(events.map(({ message_id }) => message_id)))}`
  const timestamp = Math.floor(Date.now() / 1000)
  const digest = createHmac('sha256', secret).update(body).digest('hex')
  return {
    ...standardHeaders({ id, timestamp, body, secret }),
    ...(sha256_signature ? { 'x-stacktach-signature': `sha256=${digest}` } : {}),
  }
}
