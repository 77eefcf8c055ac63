import { InvalidError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import {
  type BulkIndexSettings,
  bulkIndex,
  DEFAULT_INDEX,
  type Document,
  documentOf,
} from '../../publishing/bulk-index.ts'
import { hostOf } from '../../publishing/http-request.ts'
import { openReceiver } from '../../publishing/open-receiver.ts'
import type { Receiver } from '../../publishing/receiver.ts'
import type { Handler, HandlerContext, HandlerParams, HandlerServices, OpenedHandler } from '../handler.ts'
import { HEADERS, type HttpParams, httpProperties, QUICK, SPLIT, waitsOf } from './common-params.ts'
import { compileMeantEvents } from './meant-events.ts'

type Params = HttpParams & {
  readonly index: string
  readonly split_after: number
  readonly headers?: { readonly [name: string]: string } | null
}

/** The state that all runs of a step share. */
type Step = {
  readonly meantOf: (events: readonly Event[]) => readonly Event[]
  readonly settings: BulkIndexSettings
  readonly receiver: Receiver
}

/**
 * Indexes events with the bulk API of Elasticsearch or OpenSearch; a document's id is the event's message_id.
 */
export class ElasticsearchHandler implements Handler {
  static readonly description =
    'Indexes events with the bulk API of Elasticsearch or OpenSearch, by their message_id.'

  static readonly schema = {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: {
      ...httpProperties(QUICK),
      index: {
        type: 'string',
        minLength: 1,
        description: 'index that documents go to',
        default: DEFAULT_INDEX,
      },
      split_after: SPLIT,
      headers: HEADERS,
    },
  }

  static open(given: HandlerParams, services: HandlerServices): OpenedHandler<ElasticsearchHandler> {
    const params = given as Params
    const { url, index, headers, http_timeout } = params
    const step: Step = {
      meantOf: compileMeantEvents(params.event_types),
      settings: {
        url,
        index,
        headers: headers ?? {},
        timeoutMs: http_timeout * 1000,
        waits: waitsOf(params),
      },
      receiver: openReceiver(services, hostOf(url), url),
    }
    return { forRun: (context) => new ElasticsearchHandler(step, context) }
  }

  readonly #step: Step
  readonly #context: HandlerContext
  #documents: readonly Document[] = []

  constructor(step: Step, context: HandlerContext) {
    this.#step = step
    this.#context = context
  }

  handleEvents(events: readonly Event[]): readonly Event[] {
    this.#documents = this.#step.meantOf(events).map((event) => documentOf(event))
    return events
  }

  async commit(): Promise<void> {
    const { settings, receiver } = this.#step
    const reasons = await bulkIndex(this.#documents, settings, receiver, this.#context)
    const refused = reasons.filter((reason) => reason !== undefined)
    if (refused.length === 0) return
    throw new InvalidError(`${hostOf(settings.url)} refuses a document: ${refused[0]}`)
  }

  rollback(): void {
    this.#documents = []
  }

  wouldPublish(): readonly unknown[] {
    return this.#documents
  }
}
