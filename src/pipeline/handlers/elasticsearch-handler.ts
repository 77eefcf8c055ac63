import { InvalidError, TransientError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import { compileEventTypeFilter, type EventTypePatterns } from '../../domain/event-type-filter.ts'
import { stringifyJson } from '../../domain/json.ts'
import { formatIso } from '../../domain/time.ts'
import { hostOf, sendHttp } from '../../runtime/http-request.ts'
import type { Handler, HandlerContext, HandlerParams } from '../handler.ts'
import { deliver, requireSuccess } from './deliver.ts'

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

type Document = { readonly [name: string]: unknown }
/** What the bulk API says of one document. */
type ItemResult = { readonly status: number; readonly error?: { readonly reason?: string } | string }

const seconds = { type: 'number', exclusiveMinimum: 0 }
const DOCUMENTS_PER_REQUEST = 500

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
    this.#documents = events.filter(({ eventType }) => isMeant(eventType)).map(documentOf)
    return events
  }

  async commit(): Promise<void> {
    const { wait_interval = 1, max_wait = 60 } = this.#params
    const waits = { initialMs: wait_interval * 1000, maxMs: max_wait * 1000 }
    for (let at = 0; at < this.#documents.length; at += DOCUMENTS_PER_REQUEST) {
      let waiting: readonly Document[] = this.#documents.slice(at, at + DOCUMENTS_PER_REQUEST)
      await deliver(
        async () => {
          waiting = await this.#index(waiting)
          if (waiting.length > 0)
            throw new TransientError(`${this.#where}: ${waiting.length} documents are not taken yet`)
        },
        waits,
        this.#context,
      )
    }
  }

  rollback(): void {
    this.#documents = []
  }

  wouldPublish(): readonly unknown[] {
    return this.#documents
  }

  get #where(): string {
    return hostOf(this.#params.url)
  }

  /** Sends documents; answers those that the server asks to send again. Throws InvalidError for one that it refuses. */
  async #index(documents: readonly Document[]): Promise<readonly Document[]> {
    const { url, index = 'stacktach-events', headers, http_timeout = 30 } = this.#params
    const lines = documents.flatMap((document) => [
      stringifyJson({ index: { _index: index, _id: document.message_id } }),
      stringifyJson(document),
    ])
    const { status, text } = await sendHttp({
      url: `${url.replace(/\/$/, '')}/_bulk`,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-ndjson' },
      body: `${lines.join('\n')}\n`,
      timeoutMs: http_timeout * 1000,
      signal: this.#context.signal,
    })
    requireSuccess(this.#where, status, text)
    const results = resultsOf(text, documents.length)
    if (!results) throw new TransientError(`${this.#where} answered no result for each document`)
    const refused = results.find(({ status }) => status >= 400 && status < 500 && status !== 429)
    if (refused) throw new InvalidError(`${this.#where} refuses a document: ${reasonOf(refused)}`)
    return documents.filter((_, at) => (results[at]?.status ?? 0) >= 300)
  }
}

function documentOf(event: Event): Document {
  const traits = Object.entries(event.traits).map(([name, trait]) => [
    name,
    trait.type === 'datetime' ? `${formatIso(trait.value)}Z` : trait.value,
  ])
  return {
    message_id: event.messageId,
    event_type: event.eventType,
    timestamp: `${formatIso(event.timestamp)}Z`,
    traits: Object.fromEntries(traits),
  }
}

function resultsOf(text: string, count: number): readonly ItemResult[] | undefined {
  try {
    const { items } = JSON.parse(text) as { items?: { index?: ItemResult }[] }
    const results = items?.flatMap(({ index }) => (index ? [index] : [])) ?? []
    return results.length === count ? results : undefined
  } catch {
    return undefined
  }
}

function reasonOf({ status, error }: ItemResult): string {
  return `${status} ${typeof error === 'string' ? error : (error?.reason ?? '')}`.trim()
}
