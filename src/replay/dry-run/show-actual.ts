import type { Stream } from '../../domain/stream.ts'
import { formatIso, type Micros } from '../../domain/time.ts'
import { actualStream } from '../../formats/actual-form.ts'
import { restTraits } from '../../formats/rest-form.ts'
import { typedEvent } from '../../formats/typed-form.ts'
import type { Queries } from '../../store/ports/queries.ts'
import { stringifyJson } from '../../text/json.ts'
import { outcomeOf } from '../compare/outcome.ts'
import type { MadeEvent, MadeEvents } from './made-events.ts'
import type { UnsentLine } from './unsent-file.ts'

/** The result of a dry run. */
export type DryResult = {
  readonly store: Pick<Queries, 'listStreams' | 'eventsOfStreams' | 'findEvent'>
  readonly made: MadeEvents
  /** Reads the lines of what would have been sent. */
  readonly unsent: () => AsyncIterable<string>
  /** the event time that the replay has reached */
  readonly now: Micros
}

/**
 * Yields the result as one JSON object, `{"streams": […], "events": […], "would_publish": […]}`, piece by piece:
 * streams in order of their ids, and the events that pipelines made in the typed form.
 */
export async function* actualJson({ store, made, unsent }: DryResult): AsyncGenerator<string> {
  yield '{"streams":['
  yield* joined(
    mapped(streamsWithEvents(store), ({ stream, events }) => stringifyJson(actualStream(stream, events))),
  )
  yield '],"events":['
  yield* joined(mapped(eventsOf(store, made), (event) => stringifyJson(typedEvent(event))))
  yield '],"would_publish":['
  yield* joined(unsent())
  yield ']}\n'
}

/** Yields the result as text: each stream with what its pipeline made and would have sent. */
export async function* actualText({ store, made, unsent, now }: DryResult): AsyncGenerator<string> {
  const byStream = Map.groupBy(made.sorted(), ({ streamId }) => streamId)
  for await (const { stream, events } of streamsWithEvents(store)) {
    yield describeStream(stream, events, now)
    for (const event of byStream.get(stream.id) ?? []) yield describeMade(event)
  }
  for await (const line of unsent()) {
    const { handler, stream, would_publish } = JSON.parse(line) as UnsentLine
    for (const one of would_publish)
      yield `${handler} of stream ${stream} would publish ${stringifyJson(one)}\n`
  }
}

const PAGE = 200

type WithEvents = {
  readonly stream: Stream
  readonly events: readonly {
    readonly messageId: string
    readonly eventType: string
    readonly timestamp: Micros
  }[]
}

async function* streamsWithEvents({
  listStreams,
  eventsOfStreams,
}: Pick<Queries, 'listStreams' | 'eventsOfStreams'>): AsyncGenerator<WithEvents> {
  for (let mark: number | undefined; ; ) {
    const streams = await listStreams({}, { limit: PAGE, mark, ascending: true })
    const members = await eventsOfStreams(streams.map(({ id }) => id))
    for (const stream of streams) yield { stream, events: members.get(stream.id) ?? [] }
    mark = streams.at(-1)?.id
    if (mark === undefined) return
  }
}

async function* eventsOf({ findEvent }: Pick<Queries, 'findEvent'>, made: MadeEvents) {
  for (const { messageId } of made.sorted()) {
    const event = await findEvent(messageId)
    if (event) yield event
  }
}

async function* mapped<T, U>(values: AsyncIterable<T>, map: (value: T) => U): AsyncGenerator<U> {
  for await (const value of values) yield map(value)
}

async function* joined(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let isFirst = true
  for await (const text of texts) {
    yield isFirst ? text : `,${text}`
    isFirst = false
  }
}

function describeStream(stream: Stream, events: WithEvents['events'], now: Micros): string {
  const { ends, endsAt, firstEvent, lastEvent } = outcomeOf(stream, [], now)
  const ending = endsAt === null ? ends : `${ends} at ${formatIso(endsAt)}`
  const count = events.length === 1 ? '1 event' : `${events.length} events`
  const times =
    firstEvent === lastEvent ? formatIso(firstEvent) : `${formatIso(firstEvent)} to ${formatIso(lastEvent)}`
  const error = stream.lastError === null ? '' : `\n  error: ${stream.lastError}`
  return `stream ${stream.id} ${stream.name} ${stringifyJson(restTraits(stream.distinguishingTraits))}\n  ${count}, ${times}; ${ending}${error}\n`
}

function describeMade({ eventType, messageId, timestamp }: MadeEvent): string {
  return `  makes ${eventType} ${messageId} at ${formatIso(timestamp)}\n`
}
