import { InvalidError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import { bulkIndex, type Document, documentOf } from '../../publishing/bulk-index.ts'
import { hostOf } from '../../publishing/http-request.ts'
import { receiverOf } from '../../publishing/receiver.ts'
import type { Handler, HandlerContext, HandlerParams } from '../handler.ts'
import {
  HEADERS,
  HTTP_PROPERTIES,
  type HttpParams,
  httpLimits,
  QUICK_DEFAULTS,
  SPLIT_AFTER,
} from './common-params.ts'
import { meantEvents } from './meant-events.ts'

type Params = HttpParams & {
  readonly index?: string
  readonly split_after?: number
  readonly headers?: { readonly [name: string]: string } | null
}

/** Indexes events with the bulk API of Elasticsearch or OpenSearch; a document's id is the event's message_id. */
export class ElasticsearchHandler implements Handler {
  static readonly schema = {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: {
      ...HTTP_PROPERTIES,
      index: { type: 'string', minLength: 1 },
      split_after: SPLIT_AFTER,
      headers: HEADERS,
    },
  }

  readonly #params: Params
  readonly #context: HandlerContext
  #documents: readonly Document[] = []

  constructor(params: HandlerParams, context: HandlerContext) {
    this.#params = params as Params
    this.#context = context
  }

  handleEvents(events: readonly Event[]): readonly Event[] {
    this.#documents = meantEvents(events, this.#params).map((event) => documentOf(event))
    return events
  }

  async commit(): Promise<void> {
    const { url, index, headers } = this.#params
    const limits = httpLimits(this.#params, QUICK_DEFAULTS)
    const waits = { ...limits.waits, splitAfter: this.#params.split_after }
    const settings = { url, index: index ?? 'stacktach-events', headers: headers ?? {}, ...limits, waits }
    const reasons = await bulkIndex(
      this.#documents,
      settings,
      receiverOf(this.#params, hostOf(url)),
      this.#context,
    )
    const refused = reasons.filter((reason) => reason !== undefined)
    if (refused.length > 0) throw new InvalidError(`${hostOf(url)} refuses a document: ${refused[0]}`)
  }

  rollback(): void {
    this.#documents = []
  }

  wouldPublish(): readonly unknown[] {
    return this.#documents
  }
}
