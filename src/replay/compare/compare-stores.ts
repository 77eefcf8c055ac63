import type { Stream } from '../../domain/stream.ts'
import type { Micros } from '../../domain/time.ts'
import type { DistinguishingTraits } from '../../domain/trait.ts'
import type { Queries } from '../../store/ports/queries.ts'
import type { MadeEvent } from '../dry-run/made-events.ts'
import { type CompareOptions, compareOutcomes, type Difference } from './compare-outcomes.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { type StreamGroup, streamGroups, streamsOfKey } from './stream-groups.ts'

type Readable = Pick<Queries, 'listStreams' | 'eventsOfStreams' | 'findEvent' | 'listEvents'>

export type CompareStoresOptions = CompareOptions & {
  readonly before: Readable
  readonly after: Readable
  /** event time as of which streams have ended */
  readonly now: Micros
  /**
   * the times of the events that `after` has been made of; streams of `before` that have others too are not compared.
   * Undefined: both sides were made of the same events
   */
  readonly span?: { readonly first: Micros; readonly last: Micros } | undefined
  /** whether streams of `before` count without an event in `after` */
  readonly isWhole?: boolean
  /** the events that pipelines of `after` have made, by stream */
  readonly made?: ReadonlyMap<number, readonly MadeEvent[]>
  readonly signal: AbortSignal
}

/** The streams of one key on both sides, and how they differ. */
export type Comparison = {
  readonly kind: 'compared'
  readonly name: string
  readonly traits: DistinguishingTraits
  readonly before: readonly Outcome[]
  readonly after: readonly Outcome[]
  readonly differences: readonly Difference[]
}

/** Streams that only a part of the events was replayed for, and that are not compared. */
export type Uncompared = { readonly kind: 'partial' }

/** Compares all streams of two stores, key by key. Yields every key, those without a difference too. */
export async function* compareStores(options: CompareStoresOptions): AsyncGenerator<Comparison | Uncompared> {
  const { before, after, span, signal } = options
  for await (const group of streamGroups(after)) {
    signal.throwIfAborted()
    yield await compared(group, await streamsOfKey(before, asStream(group)), group.streams, options)
  }
  const times = span ? { olderThan: span.last + 1, youngerThan: span.first - 1 } : {}
  for await (const group of streamGroups(before, times)) {
    signal.throwIfAborted()
    if ((await streamsOfKey(after, asStream(group))).length > 0) continue
    const isOfThese = options.isWhole || (await hasEventsIn(after, before, group))
    if (isOfThese) yield await compared(group, group.streams, [], options)
  }
}

async function compared(
  { name, traits }: StreamGroup,
  olds: readonly Stream[],
  news: readonly Stream[],
  options: CompareStoresOptions,
): Promise<Comparison | Uncompared> {
  if (olds.some((stream) => isBeyond(stream, options.span))) return { kind: 'partial' }
  const before = await outcomesOf(options.before, olds, options.now)
  const after = await outcomesOf(options.after, news, options.now)
  const differences = [...compareOutcomes(before, after, options), ...(await newlyMade(news, options))]
  return { kind: 'compared', name, traits, before, after, differences }
}

async function outcomesOf(store: Readable, streams: readonly Stream[], now: Micros): Promise<Outcome[]> {
  const events = await store.eventsOfStreams(streams.map(({ id }) => id))
  return streams.map((stream) => outcomeOf(stream, events.get(stream.id) ?? [], now))
}

/** Returns what pipelines make now and the other side does not have. */
async function newlyMade(
  streams: readonly Stream[],
  { before, made }: CompareStoresOptions,
): Promise<Difference[]> {
  const only_after: { readonly event_type: string; readonly message_id: string }[] = []
  for (const { id } of streams) {
    for (const event of made?.get(id) ?? []) {
      const { eventType: event_type, messageId: message_id } = event
      if (!(await isStored(before, event))) only_after.push({ event_type, message_id })
    }
  }
  return only_after.length === 0 ? [] : [{ what: 'made', only_after }]
}

/** Whether the same event is stored: by its id, or, since that may depend on the id of a stream, by type and time. */
async function isStored(
  { findEvent, listEvents }: Readable,
  { messageId, eventType, timestamp }: MadeEvent,
): Promise<boolean> {
  if ((await findEvent(messageId))?.eventType === eventType) return true
  const page = { limit: 1, mark: undefined, ascending: true, mayMissNewest: true }
  return (await listEvents({ eventType, from: timestamp - 1, to: timestamp }, page)).length > 0
}

function isBeyond({ firstEvent, lastEvent }: Stream, span: CompareStoresOptions['span']): boolean {
  return span !== undefined && (firstEvent < span.first || lastEvent > span.last)
}

/** Whether one event of a group at least is stored on the other side. */
async function hasEventsIn(other: Readable, own: Readable, { streams }: StreamGroup): Promise<boolean> {
  for (const events of (await own.eventsOfStreams(streams.map(({ id }) => id))).values())
    for (const { messageId } of events) if (await other.findEvent(messageId)) return true
  return false
}

function asStream({ name, traits }: StreamGroup): Pick<Stream, 'name' | 'distinguishingTraits'> {
  return { name, distinguishingTraits: traits }
}
