import type { TypedEvent } from './typed-form.ts'

/** An event as CloudEvents 1.0 has it, in the JSON format. */
export type CloudEvent = {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  /** absent for an event without a time */
  readonly time?: string
  readonly datacontenttype: 'application/json'
  /** the traits in the typed form */
  readonly data: TypedEvent['traits']
}

/** Something that has happened, other than an event, as CloudEvents 1.0 has it, in the JSON format. */
export type CloudFact = Omit<CloudEvent, 'data'> & { readonly subject?: string; readonly data: unknown }

/** Media types of one event, and of a list of them. */
export const CLOUD_EVENT = 'application/cloudevents+json'
export const CLOUD_EVENTS = 'application/cloudevents-batch+json'

/**
 * Encodes an event of the typed form as CloudEvents 1.0. Source and id together are unique: the id is the message_id,
 * and the same event always has the same.
 *
 * @example
 * cloudEvent(typedEvent(event), '/nova') // { specversion: '1.0', id: 'a1', source: '/nova', … }
 */
export function cloudEvent(event: TypedEvent, source: string): CloudEvent {
  const { message_id, event_type, timestamp, traits } = event
  return {
    specversion: '1.0',
    id: message_id,
    source,
    type: event_type,
    ...(timestamp === undefined ? {} : { time: `${timestamp}Z` }),
    datacontenttype: 'application/json',
    data: traits,
  }
}

/** What CloudEvents asks of something other than an event; `time` is ISO 8601 in UTC without a zone, null where unknown. */
export type CloudHead = {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject?: string
  readonly time: string | null
}

/**
 * Encodes something other than an event as CloudEvents 1.0.
 *
 * @example
 * cloudFact({ id: '7-opened', source: 'urn:x-stacktach:streams', type: 'stacktach.stream.opened', time: null }, stream)
 */
export function cloudFact({ id, source, type, subject, time }: CloudHead, data: unknown): CloudFact {
  return {
    ...{ specversion: '1.0', id, source, type },
    ...(subject === undefined ? {} : { subject }),
    ...(time === null ? {} : { time: `${time}Z` }),
    ...{ datacontenttype: 'application/json', data },
  }
}
