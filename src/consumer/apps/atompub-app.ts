import { messageOf, TransientError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import { stringifyJson } from '../../domain/json.ts'
import { atomEntry } from '../../publishing/atom-entry.ts'
import { cufContent, type ExtraInfo } from '../../publishing/cuf-content.ts'
import { deliver, type Waits } from '../../publishing/deliver.ts'
import { hostOf } from '../../publishing/http-request.ts'
import { type FeedSettings, postEntry } from '../../publishing/post-entry.ts'
import { xmlText } from '../../publishing/xml.ts'
import type { AppContext, AppMessage, AppOutcome, ConsumerApp } from './app.ts'
import { usageEvent } from './usage-event.ts'

export type AtomPubSettings = {
  readonly feed: FeedSettings
  readonly waits: Waits
  /** what the entries hold: the notification itself, or the usage that it tells, as CUF */
  readonly content: 'notification' | 'cuf'
  /** beside what the notification tells of the usage */
  readonly extra: ExtraInfo
}

/** Posts each notification as an entry to an Atom feed. */
export class AtomPubApp implements ConsumerApp {
  readonly #settings: AtomPubSettings

  constructor(settings: AtomPubSettings) {
    this.#settings = settings
  }

  async handleMessages(messages: readonly AppMessage[], context: AppContext): Promise<AppOutcome[]> {
    const { feed, waits } = this.#settings
    const outcomes: AppOutcome[] = []
    for (const message of messages) {
      try {
        const entry = this.#entryOf(message, context)
        await deliver(hostOf(feed.url), () => postEntry(entry, feed, context.signal), waits, context)
        outcomes.push(undefined)
      } catch (error) {
        // Whatever a message makes fail here is its own fault.
        if (error instanceof TransientError) throw error
        outcomes.push(messageOf(error))
      }
    }
    return outcomes
  }

  #entryOf(message: AppMessage, { logger }: AppContext): string {
    const { eventType, messageId, notification } = message
    const shared = { title: undefined, categories: [] }
    if (this.#settings.content === 'cuf') {
      const event = usageEvent(message)
      return atomEntry({
        ...shared,
        event,
        eventType: `${eventType}.cuf`,
        contentType: 'application/xml',
        content: cufContent(event, this.#settings.extra, logger),
      })
    }
    const event: Event = { messageId, eventType, timestamp: 0, traits: {} }
    const content = xmlText(stringifyJson(notification))
    return atomEntry({ ...shared, event, eventType, contentType: 'application/json', content })
  }
}
