import { type Event, momentOf } from '../domain/event.ts'
import { formatMoment } from '../domain/time.ts'
import { xmlAttribute, xmlText } from '../text/xml.ts'
import { eventJson } from './event-json.ts'

/** A link of a feed; `href` may be relative to the address of the feed. */
export type AtomLink = { readonly rel: 'self' | 'first' | 'next' | 'previous'; readonly href: string }

export type AtomFeed = {
  /** an IRI that stays the same for the same filter */
  readonly id: string
  readonly title: string
  readonly links: readonly AtomLink[]
  readonly events: readonly Event[]
  /** time of the feed where it has no events, ISO 8601 with a zone */
  readonly now: string
}

/**
 * Yields a page of an Atom feed (RFC 4287, RFC 5005) piece by piece. An entry's title and category are the event type,
 * its content is the JSON of the REST API without secrets, as text.
 *
 * @example
 * [...atomFeed({ id: 'urn:x-stacktach:events', title: 'events', links: [], events, now })].join('')
 */
export function* atomFeed({ id, title, links, events, now }: AtomFeed): Generator<string> {
  const updated = events.map(timeOf).reduce((latest, time) => (time > latest ? time : latest), '')
  yield [
    '<?xml version="1.0" encoding="utf-8"?>\n',
    '<feed xmlns="http://www.w3.org/2005/Atom">\n',
    `<id>${xmlText(id)}</id>\n`,
    `<title>${xmlText(title)}</title>\n`,
    `<updated>${updated || now}</updated>\n`,
    '<author><name>StackTach</name></author>\n',
    '<generator>StackTach</generator>\n',
    ...links.map(({ rel, href }) => `<link rel="${rel}" href=${xmlAttribute(href)}/>\n`),
  ].join('')
  for (const event of events) yield entryOf(event)
  yield '</feed>\n'
}

function entryOf(event: Event): string {
  return [
    '<entry>\n',
    `<id>${xmlText(iriOf(event.messageId))}</id>\n`,
    `<title>${xmlText(event.eventType)}</title>\n`,
    `<updated>${timeOf(event)}</updated>\n`,
    `<category term=${xmlAttribute(event.eventType)}/>\n`,
    `<content type="text">${xmlText(eventJson(event))}</content>\n`,
    '</entry>\n',
  ].join('')
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** Returns an id as an IRI, which that of an entry has to be. */
function iriOf(messageId: string): string {
  return UUID.test(messageId)
    ? `urn:uuid:${messageId.toLowerCase()}`
    : `urn:x-stacktach:event:${encodeURIComponent(messageId.toWellFormed())}`
}

function timeOf(event: Event): string {
  return `${formatMoment(momentOf(event))}Z`
}
