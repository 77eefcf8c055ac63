import { createDistiller, type Distilled, type Distiller } from '../../distiller/distiller.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Notification } from '../../domain/notification.ts'
import {
  type BulkIndexSettings,
  bulkIndex,
  DEFAULT_INDEX,
  type Document,
  documentOf,
} from '../../publishing/bulk-index.ts'
import { hostOf } from '../../publishing/http-request.ts'
import { openReceiver, type ReceiverServices } from '../../publishing/open-receiver.ts'
import type { Receiver } from '../../publishing/receiver.ts'
import type { SectionSchema, SectionValues } from '../../text/section-schema.ts'
import type { AppContext, AppMessage, AppOutcome, ConsumerApp } from './app.ts'
import type { AppServices, ValueFault } from './built-in-app.ts'

export type ElasticsearchSettings = {
  readonly server: BulkIndexSettings
  /** the field `region` of every document; undefined: no such field */
  readonly region: string | undefined
  readonly distiller: Distiller
}

/** Keys of [elasticsearch]. */
const SCHEMA = {
  elasticsearch_host: {
    type: 'string',
    required: true,
    description: 'HOST:PORT or http(s) URL of the server',
  },
  index: { type: 'string', default: DEFAULT_INDEX, description: 'index that documents go to' },
  region: { type: 'string', description: 'field `region` of every document' },
  distiller_config: {
    type: 'string',
    format: 'path',
    description: 'file of the event definitions; those of winchester.yaml unless given',
  },
} as const satisfies SectionSchema

type Values = SectionValues<typeof SCHEMA>

/** The longest time of one request, and the pauses between attempts. */
const TIMEOUT_MS = 30_000
const WAITS = { initialMs: 1000, maxMs: 60_000 }

/**
 * Indexes the events that definitions make of notifications. Skips notifications that no definition matches.
 */
export class ElasticsearchApp implements ConsumerApp {
  static readonly kind = 'elasticsearch'
  static readonly description = 'Indexes the events that definitions make of notifications; OpenSearch too.'
  static readonly schema = SCHEMA

  static fault(values: Values): ValueFault | undefined {
    if (URL.canParse(urlOf(values))) return undefined
    return { key: 'elasticsearch_host', message: 'expected http(s)://…' }
  }

  static async check(
    { distiller_config }: Values,
    services: Pick<AppServices, 'loadDefinitions'>,
  ): Promise<void> {
    if (distiller_config) await services.loadDefinitions(distiller_config)
  }

  static async open(values: Values, services: AppServices): Promise<ElasticsearchApp> {
    const definitions = await services.loadDefinitions(values.distiller_config || undefined)
    const index = values.index || DEFAULT_INDEX
    const settings = {
      server: { url: urlOf(values), index, headers: {}, timeoutMs: TIMEOUT_MS, waits: WAITS },
      region: values.region || undefined,
      distiller: createDistiller(definitions, { catchAll: false }),
    }
    return new ElasticsearchApp(settings, services)
  }

  readonly #settings: ElasticsearchSettings
  readonly #receiver: Receiver

  constructor(settings: ElasticsearchSettings, services: ReceiverServices) {
    this.#settings = settings
    this.#receiver = openReceiver(services, hostOf(settings.server.url), settings.server.url)
  }

  async handleMessages(messages: readonly AppMessage[], context: AppContext): Promise<AppOutcome[]> {
    const outcomes: AppOutcome[] = messages.map(() => undefined)
    const documents: Document[] = []
    const places: number[] = []
    for (const [index, { notification }] of messages.entries()) {
      const distilled = this.#distil(notification)
      if (distilled.kind === 'failed') outcomes[index] = distilled.reason
      if (distilled.kind !== 'event') continue
      documents.push(documentOf(distilled.event, this.#more))
      places.push(index)
    }
    const { server } = this.#settings
    const reasons = await bulkIndex(documents, server, this.#receiver, context, true)
    for (const [at, reason] of reasons.entries()) outcomes[places[at] as number] = reason
    return outcomes
  }

  /** Distils a notification. An error here is the fault of the message and becomes its dead letter. */
  #distil(notification: Notification): Distilled {
    try {
      return this.#settings.distiller.distil(notification, Date.now() * 1000)
    } catch (error) {
      return { kind: 'failed', reason: messageOf(error) }
    }
  }

  get #more(): { readonly [field: string]: string } {
    const { region } = this.#settings
    return region === undefined ? {} : { region }
  }
}

function urlOf({ elasticsearch_host: host = '' }: Values): string {
  return /^https?:/.test(host) ? host : `http://${host}`
}
