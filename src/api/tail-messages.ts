import type { StoredEvent } from '../domain/event.ts'
import type { Stream, StreamState } from '../domain/stream.ts'
import { formatIso } from '../domain/time.ts'
import { cloudEvent, cloudFact } from '../formats/cloud-event.ts'
import { restDeadLetter } from '../formats/dead-letter-form.ts'
import { restEvent, restTraits } from '../formats/rest-form.ts'
import { shownEvent, shownTypedEvent } from '../formats/shown-form.ts'
import type { RestStreamChange } from '../formats/tail-form.ts'
import { typedEvent } from '../formats/typed-form.ts'
import type { ServerSentEvent } from '../http/event-stream.ts'
import type { DeadLetterHead } from '../store/ports/dead-letter-box.ts'
import type { StreamChangeRecord } from '../store/ports/tail.ts'
import { maskSecrets, maskValues } from '../text/mask-secrets.ts'

/** How a tail tells of what has come, without secrets. */
export type TailMessages = {
  event(event: StoredEvent): ServerSentEvent
  opened(stream: Stream): ServerSentEvent
  changed(change: StreamChangeRecord): ServerSentEvent
  deadLetter(letter: DeadLetterHead): ServerSentEvent
}

/** Formats of messages; the first is that of the lists. */
export const TAIL_FORMATS = ['rest', 'cloudevents'] as const
export type TailFormat = (typeof TAIL_FORMATS)[number]

/** Messages as the lists show their rows. */
const REST: TailMessages = {
  event: (event) => ({ event: 'event', data: shownEvent(restEvent(event)) }),
  opened: (stream) => ({ event: 'stream', data: restOpened(stream) }),
  changed: (change) => ({ event: 'stream', data: restChanged(change) }),
  deadLetter: (letter) => ({ event: 'dead-letter', data: restDeadLetter(letter) }),
}

/** `source` of events, as the webhook sends it unless told otherwise: one that comes both ways is known as one. */
const SOURCE = 'urn:x-stacktach'

/** Messages as CloudEvents 1.0. */
const CLOUD_EVENTS: TailMessages = {
  event: (event) => ({ event: 'event', data: cloudEvent(shownTypedEvent(typedEvent(event)), SOURCE) }),
  opened: (stream) => cloudStream(`${stream.id}-opened`, restOpened(stream)),
  changed: (change) => cloudStream(`${change.stream}-${change.id}`, restChanged(change)),
  deadLetter(letter) {
    const data = restDeadLetter(letter)
    const { id, at: time } = data
    const [source, type] = [`${SOURCE}:dead-letters`, 'stacktach.dead_letter']
    return { event: 'dead-letter', data: cloudFact({ id: String(id), source, type, time }, data) }
  },
}

/** Returns the messages of a format. */
export function tailMessages(format: TailFormat): TailMessages {
  return format === 'rest' ? REST : CLOUD_EVENTS
}

function cloudStream(id: string, data: RestStreamChange): ServerSentEvent {
  const head = {
    ...{ id, source: `${SOURCE}:streams`, type: `stacktach.stream.${data.what}` },
    ...{ subject: String(data.id), time: data.at },
  }
  return { event: 'stream', data: cloudFact(head, data) }
}

function restOpened({ id, name, distinguishingTraits }: Stream): RestStreamChange {
  const state: StreamState = 'active'
  return {
    ...{ id, name, what: 'opened', state, at: null },
    distinguishing_traits: maskValues(restTraits(distinguishingTraits)),
  }
}

function restChanged({ stream, name, state, at, traits, error }: StreamChangeRecord): RestStreamChange {
  return {
    ...{ id: stream, name, what: 'changed', state, at: formatIso(at) },
    distinguishing_traits: maskValues(restTraits(traits)),
    ...(error === null ? {} : { last_error: maskSecrets(error) }),
  }
}
