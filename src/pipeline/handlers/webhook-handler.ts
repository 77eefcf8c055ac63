import { createHmac } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Event } from '../../domain/event.ts'
import { type TypedEvent, typedEvent } from '../../formats/typed-form.ts'
import { requireSuccess } from '../../publishing/deliver.ts'
import { hostOf, sendHttp } from '../../publishing/http-request.ts'
import { openReceiver } from '../../publishing/open-receiver.ts'
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
}

/** The state that all runs of a step share: batches are gathered over several runs. */
type Step = {
  readonly meantOf: (events: readonly Event[]) => readonly Event[]
  readonly gathering: Gathering<TypedEvent>
}

const pack = promisify(gzip)

/**
 * Posts events to a URL, in batches: `{"events": [<typed form>, …]}`. With a secret, the header
 * `x-stacktach-signature` is `sha256=` and the HMAC of the JSON text as hex digits.
 */
export class WebhookHandler implements Handler {
  static readonly description = 'Posts `{"events": […]}` to a URL, in batches that are gathered over streams.'

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
          '`x-stacktach-signature` is `sha256=` and the HMAC of the JSON text by it, as hex digits',
      },
    },
  }

  static open(given: HandlerParams, services: HandlerServices): OpenedHandler<WebhookHandler> {
    const params = given as Params
    const { batch_size: size, batch_ms: waitMs, parallel } = params
    const step: Step = {
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
    return this.#events.length === 0 ? [] : [{ events: this.#events }]
  }
}

/** Posts events once. Rejects as sendHttp and requireSuccess do. */
async function postEvents(events: readonly TypedEvent[], params: Params, signal: AbortSignal): Promise<void> {
  const { url, headers, secret } = params
  const timeoutMs = params.http_timeout * 1000
  const text = stringifyJson({ events })
  const body = params.gzip ? await pack(text) : text
  const signature = secret ? `sha256=${createHmac('sha256', secret).update(text).digest('hex')}` : undefined
  const sent = {
    ...headers,
    'content-type': 'application/json',
    ...(params.gzip ? { 'content-encoding': 'gzip' } : {}),
    ...(signature ? { 'x-stacktach-signature': signature } : {}),
  }
  const answer = await sendHttp({ url, method: 'POST', headers: sent, body, timeoutMs }, signal)
  requireSuccess(hostOf(url), answer.status, answer.text)
}
