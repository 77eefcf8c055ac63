import { InvalidError } from '../../domain/errors.ts'
import { type Event, momentOf } from '../../domain/event.ts'
import { formatMoment } from '../../domain/time.ts'
import { atomEntry } from '../../publishing/atom-entry.ts'
import { type AuthSettings, AuthTokens } from '../../publishing/auth-token.ts'
import { cufContent, type ExtraInfo } from '../../publishing/cuf-content.ts'
import { deliver } from '../../publishing/deliver.ts'
import { hostOf } from '../../publishing/http-request.ts'
import { openReceiver } from '../../publishing/open-receiver.ts'
import { type FeedSettings, postEntry } from '../../publishing/post-entry.ts'
import type { Receiver } from '../../publishing/receiver.ts'
import { stringifyJson } from '../../text/json.ts'
import { xmlText } from '../../text/xml.ts'
import type { Handler, HandlerContext, HandlerParams, HandlerServices, OpenedHandler } from '../handler.ts'
import { HTTP_URL, type HttpParams, httpProperties, OPTIONAL_TEXT, waitsOf } from './common-params.ts'
import { compileMeantEvents } from './meant-events.ts'

type Params = HttpParams & {
  readonly extra_info?: ExtraInfo | null
  readonly content_format: string
  readonly title?: string | null
  readonly categories?: readonly string[] | null
  readonly auth_server?: string | null
  readonly auth_user?: string | null
  readonly auth_key?: string | null
  readonly auth_key_file?: string | null
}

type Entry = { readonly message_id: string } & ({ readonly atom: string } | { readonly error: string })

/** The state that all runs of a step share. */
type Step = {
  readonly params: Params
  readonly meantOf: (events: readonly Event[]) => readonly Event[]
  readonly feed: FeedSettings
  readonly receiver: Receiver
  readonly tokens: AuthTokens
}

/**
 * Posts events as entries to an Atom feed. 409 means that the feed has the entry already, 400 that it refuses
 * it.
 */
export class AtomPubHandler implements Handler {
  static readonly description = 'Posts events as entries to an Atom feed, one after the other.'

  static readonly schema = {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: {
      ...httpProperties({ wait: 30, maxWait: 600, timeout: 120 }),
      extra_info: {
        type: ['object', 'null'],
        description: 'further fields of JSON content; `region` and `data_center` of CUF',
      },
      content_format: {
        ...OPTIONAL_TEXT,
        description: '`json`, or `cuf_xml`: usage as CUF, its event type with `.cuf` behind it',
        default: 'json',
      },
      title: { ...OPTIONAL_TEXT, description: 'title of each entry; its event type unless given' },
      categories: {
        anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }],
        description: 'categories of each entry before its event type',
      },
      auth_server: {
        anyOf: [HTTP_URL, { type: 'null' }, { const: '' }],
        description: 'http(s) URL that gives out tokens for auth_user',
      },
      auth_user: { ...OPTIONAL_TEXT, description: 'user that the token is for' },
      auth_key: { ...OPTIONAL_TEXT, description: 'its API key' },
      auth_key_file: {
        ...OPTIONAL_TEXT,
        description: 'file of mode 600 that holds it, in place of auth_key',
      },
    },
  }

  /**
   * Returns a fault when settings of the token are missing: entries without a token would be refused for
   * ever.
   */
  static fault(params: HandlerParams): string | undefined {
    const { auth_server, auth_user, auth_key, auth_key_file } = params as Params
    const given = [auth_server, auth_user, auth_key || auth_key_file].filter(Boolean)
    if (given.length === 0 || given.length === 3) return undefined
    return 'a token needs auth_server, auth_user, and auth_key or auth_key_file'
  }

  static open(given: HandlerParams, services: HandlerServices): OpenedHandler<AtomPubHandler> {
    const params = given as Params
    const step: Step = {
      params,
      meantOf: compileMeantEvents(params.event_types),
      feed: { url: params.url, auth: authOf(params), timeoutMs: params.http_timeout * 1000 },
      receiver: openReceiver(services, hostOf(params.url), params.url),
      tokens: services.shared(AuthTokens),
    }
    return { forRun: (context) => new AtomPubHandler(step, context) }
  }

  readonly #step: Step
  readonly #context: HandlerContext
  #entries: readonly Entry[] = []

  constructor(step: Step, context: HandlerContext) {
    this.#step = step
    this.#context = context
  }

  handleEvents(events: readonly Event[]): readonly Event[] {
    this.#entries = this.#step.meantOf(events).map((event) => this.#entryOf(event))
    return events
  }

  async commit(): Promise<void> {
    const { params, feed, receiver, tokens } = this.#step
    const refused: string[] = []
    for (const entry of this.#entries) {
      try {
        if ('error' in entry) throw new InvalidError(entry.error)
        const attempt = () => postEntry(entry.atom, feed, tokens, this.#context.signal)
        await deliver(receiver, { attempt }, waitsOf(params), this.#context)
      } catch (error) {
        if (!(error instanceof InvalidError)) throw error
        refused.push(`${entry.message_id}: ${error.message}`)
      }
    }
    if (refused.length > 0) throw new InvalidError(refused.join('\n'))
  }

  rollback(): void {
    this.#entries = []
  }

  wouldPublish(): readonly unknown[] {
    return this.#entries
  }

  /**
   * Makes the entry of an event, or the error of an entry that cannot be made, which does not hold back the
   * others.
   */
  #entryOf(event: Event): Entry {
    try {
      return { message_id: event.messageId, atom: this.#textOf(event) }
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error
      return { message_id: event.messageId, error: error.message }
    }
  }

  #textOf(event: Event): string {
    const { content_format, extra_info, title, categories } = this.#step.params
    const isCuf = content_format === 'cuf_xml'
    const extra = extra_info ?? {}
    return atomEntry({
      event,
      eventType: isCuf ? `${event.eventType}.cuf` : event.eventType,
      title: title ?? undefined,
      categories: categories ?? [],
      contentType: isCuf ? 'application/xml' : 'application/json',
      content: isCuf ? cufContent(event, extra, this.#context.logger) : xmlText(jsonContent(event, extra)),
    })
  }
}

function authOf({ auth_server, auth_user, auth_key, auth_key_file }: Params): AuthSettings | undefined {
  if (!auth_server || !auth_user) return undefined
  return {
    server: auth_server,
    user: auth_user,
    key: auth_key ?? undefined,
    keyFile: auth_key_file ?? undefined,
  }
}

/**
 * Returns an event as flat JSON: its traits beside event_type, message_id and timestamp; times as ISO text.
 */
function jsonContent(event: Event, extra: ExtraInfo): string {
  const traits = Object.entries(event.traits).map(([name, trait]) => [
    name,
    trait.type === 'datetime' ? formatMoment(trait) : trait.value,
  ])
  return stringifyJson({
    ...Object.fromEntries(traits),
    ...extra,
    event_type: event.eventType,
    message_id: event.messageId,
    ...(Number.isFinite(event.timestamp) ? { timestamp: formatMoment(momentOf(event)) } : {}),
  })
}
