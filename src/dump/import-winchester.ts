import { ConflictError, StackTachError } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'
import { STREAM_STATES } from '../domain/stream.ts'
import { formatIso } from '../domain/time.ts'
import { typedEvent, typedTrait } from '../formats/typed-form.ts'
import { prefetchNext } from '../runtime/prefetch-next.ts'
import type { DumpCounts, DumpedStream, StreamCounts } from '../store/copy/dump.ts'
import type { Restore } from '../store/copy/restore.ts'
import type { LeftOut, Winchester } from '../store/copy/winchester/open-winchester.ts'
import type { Page, Queries } from '../store/ports/queries.ts'
import { requireRunning } from './dump-file.ts'

/** Rows that are compared at the end, evenly spread over all. */
const SAMPLED_EVENTS = 500
const SAMPLED_STREAMS = 200

/** What an import of StackTach.v3's database has moved, compared and left out. */
export type WinchesterImport = {
  readonly counts: DumpCounts
  /** number of pairs of a stream and an event of it */
  readonly memberships: number
  readonly compared: DumpCounts
  readonly leftOut: LeftOut
}

export type WinchesterTarget = { readonly restore: Restore; readonly queries: Queries }

/**
 * Moves the events and streams of a database of StackTach.v3 over, ids kept, and compares counts and a sample of
 * rows at the end. What is stored stays after a failure or an interruption. The next import goes on after the events,
 * which never change, and moves all streams again: in the meantime they may have taken events, fired or expired.
 *
 * Throws ConflictError where the target holds a part of another database, and StackTachError when the two differ at
 * the end or the signal aborts.
 *
 * @example
 * const moved = await importWinchester(source, { restore, queries }, signal, (done) => console.log(done.events))
 */
export async function importWinchester(
  source: Winchester,
  { restore, queries }: WinchesterTarget,
  signal: AbortSignal,
  onProgress: (done: DumpCounts) => void,
): Promise<WinchesterImport> {
  const lastEvent = await restore.lastEvent()
  await requireSameEvent(source, queries, lastEvent)
  await restore.removeStreams()
  const done = { ...(await restore.counts()) }
  await restore.addEventTypes(await source.eventTypes())
  for await (const events of prefetchNext(source.events(lastEvent), ignore)) {
    requireRunning(signal)
    await restore.addEvents(events)
    done.events += events.length
    onProgress(done)
  }
  for await (const streams of prefetchNext(source.streams(), ignore)) {
    requireRunning(signal)
    await restore.addStreams(streams)
    done.streams += streams.length
    onProgress(done)
  }
  const counts = await restore.counts()
  requireSameCounts(counts, source.counts)
  const { memberships, states } = await restore.streamCounts()
  requireSameStreams({ memberships, states }, await source.streamCounts())
  const compared = await compareSamples(source, queries, lastEvent)
  const leftOut = await source.leftOut()
  await restore.finish()
  return { counts, memberships, compared, leftOut }
}

async function ignore(): Promise<void> {}

/** Refuses to go on with a part of another database: its last event would be another one. */
async function requireSameEvent(source: Winchester, queries: Queries, id: number): Promise<void> {
  if (id === 0) return
  const [given] = await source.eventsById([id])
  const stored = given && (await queries.findEvent(given.messageId))
  if (stored?.id === id) return
  throw new ConflictError(
    `the database holds a part of another one: its event ${id} is not that of --from; --restart deletes what is stored`,
  )
}

function requireSameCounts(counts: DumpCounts, expected: DumpCounts): void {
  if (counts.events === expected.events && counts.streams === expected.streams) return
  throw differ(
    `${counts.events} events and ${counts.streams} streams, and that of --from ${expected.events} and ${expected.streams}`,
  )
}

function requireSameStreams(counts: StreamCounts, expected: StreamCounts): void {
  const [held, given] = [describeStreams(counts), describeStreams(expected)]
  if (held !== given) throw differ(`${held}, and that of --from ${given}`)
}

function describeStreams({ memberships, states }: StreamCounts): string {
  const counts = STREAM_STATES.flatMap((state) => (states[state] ? [`${states[state]} ${state}`] : []))
  return `${memberships} events in streams (${counts.join(', ') || 'no stream'})`
}

/** Compares rows of both databases, evenly spread over the ids. Returns how many. */
async function compareSamples(
  source: Winchester,
  queries: Queries,
  resumedAfter: number,
): Promise<DumpCounts> {
  const [oldest, newest] = [true, false].map((ascending) => ({ limit: 1, mark: undefined, ascending })) as [
    Page,
    Page,
  ]
  const [firstEvent] = await queries.listEvents({}, oldest)
  const [lastEvent] = await queries.listEvents({}, newest)
  const [firstStream] = await queries.listStreams({}, oldest)
  const [lastStream] = await queries.listStreams({}, newest)
  // The seam of an import that went on is looked at too.
  const seam = [resumedAfter, resumedAfter + 1]
  const eventIds = [...spread(SAMPLED_EVENTS, firstEvent?.id, lastEvent?.id), ...seam]
  const events = await source.eventsById(eventIds)
  for (const event of events)
    requireSame(`event ${event.id}`, textOf(event), await storedText(queries, event))
  const streams = await source.streamsById(spread(SAMPLED_STREAMS, firstStream?.id, lastStream?.id))
  for (const stream of streams)
    requireSame(`stream ${stream.id}`, streamText(stream), await storedStream(queries, stream.id))
  return { events: events.length, streams: streams.length }
}

/** Returns at most `count` ids from `lowest` to `highest`, evenly spread, both among them. */
function spread(count: number, lowest = 1, highest = lowest): number[] {
  const length = Math.min(count, highest - lowest + 1)
  const step = (highest - lowest) / Math.max(1, length - 1)
  return Array.from({ length }, (_, index) => Math.round(lowest + index * step))
}

function textOf({ id, ...event }: StoredEvent): string {
  const traits = Object.entries(event.traits).filter(([, trait]) => trait.type !== 'none')
  const sorted = Object.fromEntries(traits.sort(([a], [b]) => (a < b ? -1 : 1)))
  return JSON.stringify({ id, ...typedEvent({ ...event, traits: sorted }) }, exact)
}

/** Writes integers of 64 bits as texts. */
function exact(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

async function storedText(queries: Queries, { messageId }: StoredEvent): Promise<string> {
  const stored = await queries.findEvent(messageId)
  return stored
    ? textOf({
        id: stored.id,
        messageId,
        eventType: stored.eventType,
        timestamp: stored.timestamp,
        traits: stored.traits,
      })
    : 'nothing'
}

function streamText(stream: Omit<DumpedStream, 'stateSerialNo' | 'isQuiet'>): string {
  const time = (micros: number | null) => (micros === null ? null : formatIso(micros))
  const traits = Object.entries(stream.distinguishingTraits)
    .map(([name, trait]) => [name, typedTrait(trait)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const { id, name, state, eventCount, messageIds } = stream
  const times = [stream.firstEvent, stream.lastEvent, stream.fireTimestamp, stream.expireTimestamp].map(time)
  return JSON.stringify({ id, name, state, eventCount, times, traits, messageIds }, exact)
}

async function storedStream(queries: Queries, id: number): Promise<string> {
  const stream = await queries.findStream(id)
  if (!stream) return 'nothing'
  const events = (await queries.eventsOfStreams([id])).get(id) ?? []
  return streamText({ ...stream, messageIds: events.map(({ messageId }) => messageId) })
}

function requireSame(what: string, given: string, stored: string): void {
  if (given !== stored) throw differ(`${what} as ${stored}, and that of --from as ${given}`)
}

function differ(how: string): StackTachError {
  return new StackTachError(
    'internal',
    `the database holds ${how}; \`db import --from … --restart\` begins again`,
  )
}
