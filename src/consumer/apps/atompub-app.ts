import { messageOf, TransientError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import { atomEntry } from '../../publishing/atom-entry.ts'
import { AuthTokens } from '../../publishing/auth-token.ts'
import { cufContent, type ExtraInfo } from '../../publishing/cuf-content.ts'
import { deliver, type Sending, type Waits } from '../../publishing/deliver.ts'
import { hostOf } from '../../publishing/http-request.ts'
import { openReceiver, type ReceiverServices } from '../../publishing/open-receiver.ts'
import { type FeedSettings, postEntry } from '../../publishing/post-entry.ts'
import { DOUBTFUL, type Receiver } from '../../publishing/receiver.ts'
import { allEnded } from '../../runtime/all-ended.ts'
import { stringifyJson } from '../../text/json.ts'
import type { SectionSchema, SectionValues } from '../../text/section-schema.ts'
import { xmlText } from '../../text/xml.ts'
import type { AppContext, AppMessage, AppOutcome, ConsumerApp } from './app.ts'
import type { AppServices, BuiltInApp, ValueFault } from './built-in-app.ts'
import { usageEvent } from './usage-event.ts'

export type AtomPubSettings = {
  readonly feed: FeedSettings
  readonly waits: Waits
  /** what the entries hold: the notification as JSON, or its usage as CUF */
  readonly content: 'notification' | 'cuf'
  /** fields of CUF beside those that come from the notification */
  readonly extra: ExtraInfo
}

/** Most messages that are set aside at a time: where the feed refuses more of them, it counts as away. */
const MOST_ASIDE = 10

type PostTold = Pick<Sending<void>, 'isLone' | 'onLong'>

/** Keys of [atompub] and [cufpub]. */
const SCHEMA = {
  url: { type: 'string', required: true, description: 'http(s) URL of the feed' },
  retries: {
    type: 'number',
    default: -1,
    minimum: -1,
    description: 'attempts in all; 0 or less: as many as it takes',
  },
  interval: { type: 'number', default: 30, description: 'first pause before a further attempt, s' },
  max_wait: {
    type: 'number',
    default: 600,
    description: 'longest pause; each is twice as long as the one before, s',
  },
  timeout: { type: 'number', default: 120, minimum: 0.001, description: 'longest time of one attempt, s' },
  auth_server: {
    type: 'string',
    section: 'handler_auth',
    description:
      'http(s) URL that gives out tokens for user and key; without it they are sent as they are (Basic)',
  },
  user: { type: 'string', section: 'handler_auth', description: 'user name' },
  key: { type: 'string', section: 'handler_auth', description: 'password or API key' },
  region: { type: 'string', description: 'region of usage; `REGION=` of atom_categories unless given' },
  data_center: {
    type: 'string',
    description: 'data centre of usage; `DATACENTER=` of atom_categories unless given',
  },
  atom_categories: {
    type: 'array',
    section: 'event_feed',
    description: '`REGION=…, DATACENTER=…`, as old files have it in [event_feed]',
  },
  validate_ssl: { type: 'boolean', default: true, description: 'certificates are always checked' },
  generate_entity_links: { type: 'boolean', deprecated: true, description: 'links in entries' },
  failures_before_reauth: {
    type: 'integer',
    deprecated: true,
    description: 'a token is renewed at the first 401',
  },
} as const satisfies SectionSchema

type Values = SectionValues<typeof SCHEMA>

/** Posts each notification as an entry to an Atom feed. */
export class AtomPubApp implements ConsumerApp {
  static readonly kind = 'atompub'
  static readonly description = 'Posts each notification as an entry to an Atom feed, as JSON.'
  static readonly schema = SCHEMA

  static fault({ url, auth_server, user, key }: Values): ValueFault | undefined {
    if (!isHttpUrl(url ?? '')) return { key: 'url', message: 'expected http(s)://…' }
    if (!auth_server) return undefined
    if (!URL.canParse(auth_server)) return { key: 'auth_server', message: 'expected http(s)://…' }
    return user && key ? undefined : { key: 'auth_server', message: 'needs user and key beside it' }
  }

  static open(values: Values, services: AppServices): AtomPubApp {
    return new AtomPubApp(settingsOf(values, 'notification'), services)
  }

  readonly #settings: AtomPubSettings
  readonly #receiver: Receiver
  readonly #tokens: AuthTokens

  constructor(settings: AtomPubSettings, services: ReceiverServices) {
    this.#settings = settings
    this.#receiver = openReceiver(services, hostOf(settings.feed.url), settings.feed.url)
    this.#tokens = services.shared(AuthTokens)
  }

  /**
   * Posts messages in the order of the queue. A message that the feed refuses again and again is set aside
   * while those behind it are posted: they show whether the feed is away.
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
      // allEnded reports the error below.
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
      const attempt = () => postEntry(entry, feed, this.#tokens, context.signal)
      await deliver(this.#receiver, { attempt, ...told }, waits, context)
      return undefined
    } catch (error) {
      // Any other error is the fault of this message alone.
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

/** Posts the usage in each notification as an entry to an Atom feed, as CUF. */
export const CufPubApp: BuiltInApp = {
  kind: 'cufpub',
  description: 'Posts the usage that each notification tells as an entry to an Atom feed, as CUF.',
  schema: SCHEMA,
  fault: (values: Values) => AtomPubApp.fault(values),
  open: (values: Values, services) => new AtomPubApp(settingsOf(values, 'cuf'), services),
}

function settingsOf(values: Values, content: AtomPubSettings['content']): AtomPubSettings {
  // `retries` of the original counts all attempts; 0 or less: no limit.
  const attempts = Math.trunc(values.retries)
  return {
    feed: feedOf(values),
    waits: {
      initialMs: values.interval * 1000,
      maxMs: values.max_wait * 1000,
      retries: attempts <= 0 ? undefined : attempts - 1,
    },
    content,
    extra: extraOf(values),
  }
}

/** Sends user and key to the token server where there is one, else with each entry (Basic). */
function feedOf({ url = '', auth_server, user, key, timeout }: Values): FeedSettings {
  const timeoutMs = timeout * 1000
  if (auth_server && user) {
    return { url, timeoutMs, auth: { server: auth_server, user, key: key || undefined, keyFile: undefined } }
  }
  const basic = user && `Basic ${Buffer.from(`${user}:${key ?? ''}`).toString('base64')}`
  return { url, timeoutMs, auth: undefined, headers: basic ? { authorization: basic } : {} }
}

/**
 * Reads `region` and `data_center`, else `atom_categories = DATACENTER=…, REGION=…` of the original's
 * [event_feed].
 */
function extraOf({ region, data_center, atom_categories }: Values): ExtraInfo {
  const categories = Object.fromEntries(
    atom_categories.map((category) => category.split('=').map((part) => part.trim())),
  )
  const shownRegion = region || categories.REGION
  const shownCentre = data_center || categories.DATACENTER
  return {
    ...(shownRegion ? { region: shownRegion } : {}),
    ...(shownCentre ? { data_center: shownCentre } : {}),
  }
}

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:/.test(url)
}
