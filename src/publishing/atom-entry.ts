import type { Event } from '../domain/event.ts'
import { xmlAttribute, xmlText } from '../text/xml.ts'

export type AtomEntry = {
  readonly event: Event
  /** what the entry says its type is */
  readonly eventType: string
  /** undefined: the event type */
  readonly title: string | undefined
  readonly categories: readonly string[]
  readonly contentType: string
  /** XML, or text that is escaped already */
  readonly content: string
}

/** An entry of an Atom feed (RFC 4287) as the archives of events take it. */
export function atomEntry({ event, eventType, title, categories, contentType, content }: AtomEntry): string {
  const original = event.traits.original_message_id
  const terms = [...categories, eventType]
  if (original && original.type !== 'none') terms.push(`original_message_id:${original.value}`)
  return [
    '<atom:entry xmlns:atom="http://www.w3.org/2005/Atom">',
    `<atom:id>urn:uuid:${xmlText(event.messageId)}</atom:id>`,
    ...terms.map((term) => `<atom:category term=${xmlAttribute(term)} />`),
    `<atom:title type="text">${xmlText(title ?? eventType)}</atom:title>`,
    `<atom:content type=${xmlAttribute(contentType)}>${content}</atom:content>`,
    '</atom:entry>',
  ].join('')
}
