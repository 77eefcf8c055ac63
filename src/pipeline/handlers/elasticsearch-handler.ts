import { InvalidError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import { compileEventTypeFilter, type EventTypePatterns } from '../../domain/event-type-filter.ts'
import { bulkIndex, type Document, documentOf } from '../../publishing/bulk-index.ts'
import { hostOf } from '../../publishing/http-request.ts'
import type { Handler, HandlerContext, HandlerParams } from '../handler.ts'

type Params = {
  readonly url: string
  readonly index?: string
  readonly event_types?: EventTypePatterns | null
  readonly headers?: { readonly [name: string]: string } | null
  /** seconds */
  readonly wait_interval?: number
  readonly max_wait?: number
  readonly http_timeout?: number
}

const seconds = { type: 'number', exclusiveMinimum: 0 }

/** Indexes events with the bulk API of Elasticsearch or OpenSearch; a document's id is the event's message_id. */
export class ElasticsearchHandler implements Handler {
  static readonly schema = {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: {
      url: { type: 'string', pattern: '^https?://' },
      index: { type: 'string', minLength: 1 },
      event_types: {
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }, { type: 'null' }],
      },
      headers: { anyOf: [{ type: 'object', additionalProperties: { type: 'string' } }, { type: 'null' }] },
      wait_interval: seconds,
      max_wait: seconds,
      http_timeout: seconds,
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
    const isMeant = compileEventTypeFilter(this.#params.event_types ?? '*')
    this.#documents = events.filter(({ eventType }) => isMeant(eventType)).map((event) => documentOf(event))
    return events
  }

  async commit(): Promise<void> {
    const { url, index, headers, wait_interval = 1, max_wait = 60, http_timeout = 30 } = this.#params
    const settings = {
      url,
      index: index ?? 'stacktach-events',
      headers: headers ?? {},
      timeoutMs: http_timeout * 1000,
      waits: { initialMs: wait_interval * 1000, maxMs: max_wait * 1000 },
    }
    const reasons = await bulkIndex(this.#documents, settings, this.#context)
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
