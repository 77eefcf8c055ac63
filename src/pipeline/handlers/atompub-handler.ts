import { InvalidError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import { formatIso } from '../../domain/time.ts'
import { atomEntry } from '../../publishing/atom-entry.ts'
import type { AuthSettings } from '../../publishing/auth-token.ts'
import { cufContent, type ExtraInfo } from '../../publishing/cuf-content.ts'
import { deliver } from '../../publishing/deliver.ts'
import { hostOf } from '../../publishing/http-request.ts'
import { postEntry } from '../../publishing/post-entry.ts'
import { receiverOf } from '../../publishing/receiver.ts'
import { stringifyJson } from '../../text/json.ts'
import { xmlText } from '../../text/xml.ts'
import type { Handler, HandlerContext, HandlerParams } from '../handler.ts'
import { HTTP_PROPERTIES, HTTP_URL, type HttpParams, httpLimits, OPTIONAL_TEXT } from './common-params.ts'
import { meantEvents } from './meant-events.ts'

type Params = HttpParams & {
  readonly extra_info?: ExtraInfo | null
  readonly content_format?: string | null
  readonly title?: string | null
  readonly categories?: readonly string[] | null
  readonly auth_server?: string | null
  readonly auth_user?: string | null
  readonly auth_key?: string | null
  readonly auth_key_file?: string | null
}

type Entry = { readonly message_id: string } & ({ readonly atom: string } | { readonly error: string })

const FEED_DEFAULTS = { wait: 30, maxWait: 600, timeout: 120 }

/** Posts events as entries to an Atom feed: 409 means that it has the entry, 400 that it refuses it. */
export class AtomPubHandler implements Handler {
  static readonly schema = {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: {
      ...HTTP_PROPERTIES,
      extra_info: { type: ['object', 'null'] },
      content_format: OPTIONAL_TEXT,
      title: OPTIONAL_TEXT,
      categories: { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }] },
      auth_server: { anyOf: [HTTP_URL, { type: 'null' }, { const: '' }] },
      auth_user: OPTIONAL_TEXT,
      auth_key: OPTIONAL_TEXT,
      auth_key_file: OPTIONAL_TEXT,
    },
  }

  /** Without all of it entries would be posted without a token, and be refused for ever. */
  static fault(params: HandlerParams): string | undefined {
    const { auth_server, auth_user, auth_key, auth_key_file } = params as Params
    const given = [auth_server, auth_user, auth_key || auth_key_file].filter(Boolean)
    if (given.length === 0 || given.length === 3) return undefined
    return 'a token needs auth_server, auth_user, and auth_key or auth_key_file'
  }

  readonly #params: Params
  readonly #context: HandlerContext
  #entries: readonly Entry[] = []

  constructor(params: HandlerParams, context: HandlerContext) {
    this.#params = params as Params
    this.#context = context
  }

  handleEvents(events: readonly Event[]): readonly Event[] {
    this.#entries = meantEvents(events, this.#params).map((event) => this.#entryOf(event))
    return events
  }

  async commit(): Promise<void> {
    const { waits, timeoutMs } = httpLimits(this.#params, FEED_DEFAULTS)
    const feed = {
      url: this.#params.url,
      auth: this.#auth(),
      timeoutMs,
    }
    const receiver = receiverOf(this.#params, hostOf(feed.url))
    const refused: string[] = []
    for (const entry of this.#entries) {
      try {
        if ('error' in entry) throw new InvalidError(entry.error)
        await deliver(
          receiver,
          { attempt: () => postEntry(entry.atom, feed, this.#context.signal) },
          waits,
          this.#context,
        )
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

  /** One that cannot be made is no reason to hold back the others. */
  #entryOf(event: Event): Entry {
    try {
      return { message_id: event.messageId, atom: this.#textOf(event) }
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error
      return { message_id: event.messageId, error: error.message }
    }
  }

  #textOf(event: Event): string {
    const { content_format, extra_info, title, categories } = this.#params
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

  #auth(): AuthSettings | undefined {
    const { auth_server, auth_user, auth_key, auth_key_file } = this.#params
    if (!auth_server || !auth_user) return undefined
    return {
      server: auth_server,
      user: auth_user,
      key: auth_key ?? undefined,
      keyFile: auth_key_file ?? undefined,
    }
  }
}

/** The traits side by side with event_type, message_id and timestamp; times as ISO text. */
function jsonContent(event: Event, extra: ExtraInfo): string {
  const traits = Object.entries(event.traits).map(([name, trait]) => [
    name,
    trait.type === 'datetime' ? formatIso(trait.value) : trait.value,
  ])
  return stringifyJson({
    ...Object.fromEntries(traits),
    ...extra,
    event_type: event.eventType,
    message_id: event.messageId,
    ...(Number.isFinite(event.timestamp) ? { timestamp: formatIso(event.timestamp) } : {}),
  })
}
