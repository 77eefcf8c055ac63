import type { Envelope } from '../domain/event.ts'
import type { Stream } from '../domain/stream.ts'
import { type RestStream, restStream } from './rest-form.ts'

/** A stream as `stv3 test` and `stv3 replay --dry-run` print it: with the message ids of its events. */
export type ActualStream = Omit<RestStream, '_mark' | 'events'> & { readonly events: readonly string[] }

/** Encodes a stream with the message ids of its events, which are in order of time. */
export function actualStream(stream: Stream, events: readonly Pick<Envelope, 'messageId'>[]): ActualStream {
  const { _mark, events: _, last_error: __, ...fields } = restStream(stream, '')
  return { ...fields, events: events.map(({ messageId }) => messageId) }
}
