import { messageOf, TransientError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import { atomEntry } from '../../publishing/atom-entry.ts'
import { cufContent, type ExtraInfo } from '../../publishing/cuf-content.ts'
import { deliver, type Sending, type Waits } from '../../publishing/deliver.ts'
import { hostOf } from '../../publishing/http-request.ts'
import { type FeedSettings, postEntry } from '../../publishing/post-entry.ts'
import { DOUBTFUL, receiverOf } from '../../publishing/receiver.ts'
import { allEnded } from '../../runtime/all-ended.ts'
import { stringifyJson } from '../../text/json.ts'
import { xmlText } from '../../text/xml.ts'
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

/** Messages that are set aside at a time: where more are not taken the feed is away. */
const MOST_ASIDE = 10

type PostTold = Pick<Sending<void>, 'isLone' | 'onLong'>

/** Posts each notification as an entry to an Atom feed. */
export class AtomPubApp implements ConsumerApp {
  readonly #settings: AtomPubSettings

  constructor(settings: AtomPubSettings) {
    this.#settings = settings
  }

  /**
   * In the order of the queue; one that is not taken again and again is set aside, and those behind it tell whether the
   * feed is away.
   */
  async handleMessages(messages: readonly AppMessage[], context: AppContext): Promise<AppOutcome[]> {
    const outcomes: AppOutcome[] = messages.map(() => undefined)
    const posted: Promise<void>[] = []
    const open = new Set<Promise<void>>()
    const isLone = () => posted.length === messages.length && open.size < DOUBTFUL
    for (const [index, message] of messages.entries()) {
      const long = Promise.withResolvers<void>()
      const posting = this.#post(message, context, { isLone, onLong: long.resolve })
        .then((outcome) => {
          outcomes[index] = outcome
        })
        .finally(() => open.delete(posting))
      // Told when all are done.
      posting.catch(() => {})
      posted.push(posting)
      open.add(posting)
      await Promise.race([posting.catch(() => {}), long.promise])
      if (open.size >= MOST_ASIDE) await Promise.race(open).catch(() => {})
      if (context.signal.aborted) break
    }
    await allEnded(posted)
    if (posted.length < messages.length) throw new TransientError('the consumer stops')
    return outcomes
  }

  async #post(message: AppMessage, context: AppContext, told: PostTold): Promise<AppOutcome> {
    const { feed, waits } = this.#settings
    try {
      const entry = this.#entryOf(message, context)
      const attempt = () => postEntry(entry, feed, context.signal)
      await deliver(receiverOf(feed, hostOf(feed.url)), { attempt, ...told }, waits, context)
      return undefined
    } catch (error) {
      // Whatever a message makes fail here is its own fault.
      if (error instanceof TransientError) throw error
      return messageOf(error)
    }
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
