import { type Event, momentOf, type StoredEvent } from '../../domain/event.ts'
import type { RunKind, Stream } from '../../domain/stream.ts'
import {
  compareInstants,
  formatIso,
  formatMoment,
  instantFromMoment,
  type Micros,
} from '../../domain/time.ts'
import type { EventEntry, StreamEntry, TimelineEntry } from '../../formats/timeline.ts'
import { maskSecrets, maskValue } from '../../text/mask-secrets.ts'
import { runKindOf } from '../stream/run-kind.ts'
import { Changes } from './changes.ts'
import { foldUpdates } from './fold-updates.ts'

export type TimelineParts = {
  /** events of the resource, in any order */
  readonly events: readonly StoredEvent[]
  readonly streams: readonly Stream[]
  /** the present time */
  readonly now: Micros
  /** whether runs of updates become one entry each (true) */
  readonly isFolded?: boolean
}

/**
 * Builds the story of a resource: its events with what changed from one to the next, and what happened to its
 * streams, in the order of time.
 *
 * @example
 * const entries = buildTimeline({ events, streams, now })
 */
export function buildTimeline({ events, streams, now, isFolded = true }: TimelineParts): TimelineEntry[] {
  const ordered = [...events].sort(
    (a, b) => compareInstants(instantFromMoment(momentOf(a)), instantFromMoment(momentOf(b))) || a.id - b.id,
  )
  const changes = new Changes()
  const entries = ordered.map((event) => entryOf(event, changes))
  const told = isFolded ? foldUpdates(entries) : entries
  return merged(
    told,
    streams.flatMap((stream) => entriesOfStream(stream, now)),
  )
}

function entryOf(event: StoredEvent, changes: Changes): EventEntry {
  const failed = isFailure(event)
  return {
    kind: 'event',
    at: formatMoment(momentOf(event)),
    event_type: event.eventType,
    message_id: event.messageId,
    is_failure: failed,
    message: failed ? (textOf(event, 'message') ?? textOf(event, 'exception')) : null,
    changes: changes.after(event),
    user_id: textOf(event, 'user_id'),
    request_id: textOf(event, 'request_id'),
  }
}

const FAILURE = /(?:^|[._])(?:error|failed|failure|exception|fault)(?:$|[._])/i

/** Whether an event tells of a failure: by its type, or by a state of error. */
function isFailure(event: Event): boolean {
  return FAILURE.test(event.eventType) || /^error$/i.test(textOf(event, 'state') ?? '')
}

function textOf({ traits }: Event, name: string): string | null {
  const trait = Object.hasOwn(traits, name) ? traits[name] : undefined
  return trait?.type === 'text' ? String(maskValue(name, trait.value)) : null
}

function entriesOfStream(stream: Stream, now: Micros): StreamEntry[] {
  const { id, name, state, firstEvent, lastError } = stream
  const error = lastError === null ? null : maskSecrets(lastError.split('\n', 1)[0] as string)
  const entry = (what: StreamEntry['what'], at: Micros): StreamEntry => ({
    kind: 'stream',
    at: formatIso(at),
    stream: id,
    name,
    what,
    state,
    error: what === 'opened' ? null : error,
  })
  const kind = runKindOf(stream)
  const opened = entry('opened', firstEvent)
  if (kind === undefined && state === 'active') return [opened]
  return [opened, entry(kind ? ENDS[kind] : 'completed', endOf(stream, kind, now))]
}

const ENDS = { fire: 'fires', expire: 'expires' } as const satisfies {
  [kind in RunKind]: StreamEntry['what']
}

/** Returns when a stream was or will be due; the time of its last event where it was set going before. */
function endOf(stream: Stream, kind: RunKind | undefined, now: Micros): Micros {
  const { fireTimestamp, expireTimestamp, lastEvent, state } = stream
  const times = { fire: [fireTimestamp], expire: [expireTimestamp] }
  const due = (kind ? times[kind] : Object.values(times).flat()).filter((time) => time !== null)
  const first = due.length === 0 ? lastEvent : Math.min(...due)
  return state !== 'active' && first > now ? lastEvent : first
}

/** Merges entries in order of time with those of streams; at the same time a stream opens before its event. */
function merged(events: readonly TimelineEntry[], streams: readonly StreamEntry[]): TimelineEntry[] {
  const rank = (entry: TimelineEntry) => (entry.kind !== 'stream' ? 1 : entry.what === 'opened' ? 0 : 2)
  return [...events, ...streams]
    .map((entry, index) => ({ entry, index }))
    .sort(
      (a, b) => compareTexts(a.entry.at, b.entry.at) || rank(a.entry) - rank(b.entry) || a.index - b.index,
    )
    .map(({ entry }) => entry)
}

/** ISO times with and without a fraction compare as texts: the fraction begins behind the seconds. */
function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
