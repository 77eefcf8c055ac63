import type { Distilled, Distiller } from '../../distiller/distiller.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Notification } from '../../domain/notification.ts'
import { type BulkIndexSettings, bulkIndex, type Document, documentOf } from '../../publishing/bulk-index.ts'
import { hostOf } from '../../publishing/http-request.ts'
import { receiverOf } from '../../publishing/receiver.ts'
import type { AppContext, AppMessage, AppOutcome, ConsumerApp } from './app.ts'

export type ElasticsearchSettings = {
  readonly server: BulkIndexSettings
  /** a field of every document; undefined: without */
  readonly region: string | undefined
  readonly distiller: Distiller
}

/** Indexes the events that definitions make of notifications; what none matches is passed over. */
export class ElasticsearchApp implements ConsumerApp {
  readonly #settings: ElasticsearchSettings

  constructor(settings: ElasticsearchSettings) {
    this.#settings = settings
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
    const receiver = receiverOf(server, hostOf(server.url))
    const reasons = await bulkIndex(documents, server, receiver, context, true)
    for (const [at, reason] of reasons.entries()) outcomes[places[at] as number] = reason
    return outcomes
  }

  /** Whatever a message makes fail here is its own fault. */
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
