import type { Event } from '../domain/event.ts'
import { xmlAttribute, xmlText } from '../text/xml.ts'

export type AtomEntry = {
  readonly event: Event
  /** the event type of the entry: its last category */
  readonly eventType: string
  /** undefined: `eventType` */
  readonly title: string | undefined
  readonly categories: readonly string[]
  readonly contentType: string
  /** XML, or text that is already escaped */
  readonly content: string
}

/** Returns an entry of an Atom feed (RFC 4287), as XML, in the form that archives of events accept. */
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
