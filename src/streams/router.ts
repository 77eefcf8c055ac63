import type { Envelope, Event } from '../domain/event.ts'
import type { Arrival, MatchedKey, Router, SavedDraft, StreamDraft, StreamKey } from '../domain/routing.ts'
import type { Progress, Stream } from '../domain/stream.ts'
import type { TallyBook } from '../domain/tally.ts'
import { MICROS_PER_SECOND, type Micros, microsFromInstant } from '../domain/time.ts'
import { canonicalTraits } from '../domain/trait.ts'
import { evaluateTimex, firstMoment } from '../timex/evaluate.ts'
import { TimexError } from '../timex/timex-error.ts'
import type { Criterion } from './criterion.ts'
import { matchTrigger } from './match.ts'
import type { FireCriterion, Trigger } from './trigger.ts'
import { TriggerDebug } from './trigger-debug.ts'

/** Largest number of event types whose triggers are cached. */
const MAX_CACHED_TYPES = 10_000
/** A worker that keeps up has run a stream so long after it was due. */
export const CLOSED_AFTER: Micros = MICROS_PER_SECOND

/** A router that also finds the streams of an event before it is stored. */
export type TriggerRouter = Router & {
  /** Returns the keys of the streams that an event belongs to, in the order of the triggers. */
  keysOf(event: Event): MatchedKey[]
  readonly triggers: readonly Trigger[]
}

export type RouterOptions = {
  /** called when an event meets a trigger's match_criteria but can join no stream of it */
  readonly onMisplaced?: (trigger: string, reason: string) => void
  /** called with the reason why an event does not meet the match_criteria of a trigger with debug_level 2 */
  readonly onMismatch?: (trigger: string, event: Event, reason: string) => void
  /**
   * called when an event has joined a stream of a trigger with a debug_level, within the transaction; see
   * Router.saved. `missing` are the fire criteria that the stream does not meet, at level 2 only
   */
  readonly onJoined?: (trigger: string, event: Envelope, joined: JoinedStream) => void
  /** counts the events that match each trigger, and why others do not */
  readonly tally?: Pick<TallyBook, 'add'>
  /** counts what triggers with a debug_level do */
  readonly debug?: TriggerDebug
  /**
   * whether a stream that is due to fire takes no more events, though no worker has run it yet. Then the same events make
   * the same streams, however far behind workers are (false)
   */
  readonly closesDue?: boolean
}

/** The stream that an event has joined, and the fire criteria that are not met yet, with what was counted. */
export type JoinedStream = {
  readonly id: number
  readonly missing: readonly { readonly criterion: FireCriterion; readonly seen: number }[]
}

type Draft = { -readonly [K in keyof StreamDraft]: StreamDraft[K] } & { joined: number[] }
type Candidate = { readonly trigger: Trigger; readonly criteria: readonly Criterion[] }

/**
 * Creates a router. It decides by these triggers which streams events join, when streams fire and when they
 * expire.
 *
 * @example
 * const router = createRouter(compileTriggers(configs, report))
 * const keys = router.keysOf(event)
 */
export function createRouter(triggers: readonly Trigger[], options: RouterOptions = {}): TriggerRouter {
  const byName = new Map(triggers.map((trigger) => [trigger.name, trigger]))
  const candidatesByType = new Map<string, readonly Candidate[]>()
  const {
    onMisplaced = () => {},
    onMismatch = () => {},
    onJoined,
    debug = new TriggerDebug(triggers),
    closesDue = false,
    tally,
  } = options

  function candidates(eventType: string): readonly Candidate[] {
    const known = candidatesByType.get(eventType)
    if (known) return known
    const found = triggers
      .map((trigger) => ({
        trigger,
        criteria: trigger.matchCriteria.filter((criterion) => criterion.acceptsType(eventType)),
      }))
      .filter(({ trigger, criteria }) => criteria.length > 0 || trigger.debugLevel > 0)
    if (candidatesByType.size >= MAX_CACHED_TYPES) candidatesByType.clear()
    candidatesByType.set(eventType, found)
    return found
  }

  return {
    triggers,

    keysOf(event) {
      const keys: MatchedKey[] = []
      for (const { trigger, criteria } of candidates(event.eventType)) {
        if (criteria.length === 0) {
          debug.check(trigger.name, 'Match', 'Wrong event type')
          continue
        }
        const result = matchTrigger(trigger, criteria, event)
        if (trigger.debugLevel > 0)
          debug.check(trigger.name, 'Match', result.match ? undefined : result.reason)
        tally?.add(result.match ? 'matched' : 'mismatched', trigger.name, result.match ? '' : result.reason)
        if (result.match) {
          keys.push({ ...result.key, met: metBy(event, trigger) })
          continue
        }
        if (trigger.debugLevel > 1) onMismatch(trigger.name, event, result.reason)
        if (result.isMisplaced) onMisplaced(trigger.name, result.reason)
      }
      return keys
    },

    isStale(stream) {
      const trigger = byName.get(stream.name)
      return (
        trigger?.fireCriteria.some(({ fingerprint }) => !Object.hasOwn(stream.progress, fingerprint)) ?? false
      )
    },

    route(arrivals, open, pasts, generation, guests = NO_GUESTS) {
      const drafts: Draft[] = []
      const current = new Map<string, Draft>()
      const listed = new Set<Draft>()
      const invited = new Map<string, Draft | undefined>()
      const guestOf = (key: MatchedKey, trigger: Trigger, arrival: Arrival): Draft | undefined => {
        if (guests.size === 0) return undefined
        if (!invited.has(key.hash)) invited.set(key.hash, draftOf(guests.get(key.hash), key, trigger, pasts))
        const guest = invited.get(key.hash)
        return guest && fits(guest, key, trigger, arrival) ? guest : undefined
      }
      arrivals.forEach((arrival, index) => {
        for (const key of arrival.keys) {
          const trigger = byName.get(key.name)
          if (!trigger) continue
          const known = current.get(key.hash) ?? draftOf(open.get(key.hash), key, trigger, pasts)
          const own = known && closesDue && isOver(known, arrival.at) ? undefined : known
          const guest = takesEvents(own, arrival.at) ? undefined : guestOf(key, trigger, arrival)
          const before = guest ?? own
          const wasReady = before?.fireTimestamp != null
          const joined = tryJoin(before, key, trigger, arrival, generation)
          if (typeof joined === 'string') {
            onMisplaced(trigger.name, joined)
            continue
          }
          if (trigger.debugLevel > 0)
            countJoining(debug, trigger, joined, { isNew: joined !== before, wasReady })
          joined.joined.push(index)
          if (!listed.has(joined)) drafts.push(joined)
          listed.add(joined)
          if (joined !== guest) current.set(key.hash, joined)
        }
      })
      return drafts
    },

    ...(onJoined && triggers.some(({ debugLevel }) => debugLevel > 0) && { saved }),
  }

  function saved(drafts: readonly SavedDraft[], arrivals: readonly Arrival[]): void {
    for (const { draft, id } of drafts) {
      const trigger = byName.get(draft.name)
      if (!trigger || trigger.debugLevel === 0) continue
      const missing = trigger.debugLevel > 1 ? missingOf(trigger, draft.progress) : []
      for (const index of draft.joined) {
        onJoined?.(trigger.name, (arrivals[index] as Arrival).event, { id, missing })
      }
    }
  }
}

const NO_GUESTS: ReadonlyMap<string, Stream> = new Map()

/**
 * Whether a stream of others would have had an event of the past: it comes within the time of the stream, or it would have
 * opened the stream, which would still have been open when the first event of the others came.
 */
function fits(guest: Draft, key: MatchedKey, trigger: Trigger, { event, at }: Arrival): boolean {
  if (isOver(guest, at) || !takesEvents(guest, at)) return false
  if (event.timestamp >= guest.firstEvent) return true
  const expires = expiry(trigger, event.timestamp, event.timestamp, at)
  if (typeof expires === 'string' || expires <= guest.firstEvent) return false
  const isReadyAlone = isReady(trigger, advance({}, trigger, key.met))
  return !isReadyAlone || guest.firstEvent <= at + trigger.fireDelay + CLOSED_AFTER
}

/** Whether a stream has not expired by then. */
function takesEvents(draft: Draft | undefined, at: Micros): boolean {
  return draft?.expireTimestamp != null && draft.expireTimestamp > at
}

/** Whether a worker that keeps up has run the stream by then. */
function isOver({ fireTimestamp }: Draft, at: Micros): boolean {
  return fireTimestamp !== null && at > fireTimestamp + CLOSED_AFTER
}

/**
 * Makes a draft of a stored stream, with complete progress; undefined when the stream is not that of this
 * key.
 */
function draftOf(
  stream: Stream | undefined,
  key: StreamKey,
  trigger: Trigger,
  pasts: ReadonlyMap<number, readonly Event[]>,
): Draft | undefined {
  if (!stream || !isOfKey(stream, key)) return undefined
  const past = pasts.get(stream.id)
  return {
    ...stream,
    key,
    progress: past ? recount(stream.progress, trigger, past) : stream.progress,
    joined: [],
  }
}

/** Whether a stream is that of a key. Guards against two keys with the same hash. */
function isOfKey(stream: Stream, key: StreamKey): boolean {
  return (
    stream.name === key.name && canonicalTraits(stream.distinguishingTraits) === canonicalTraits(key.traits)
  )
}

/**
 * Counts a stream's past again under the trigger's fire criteria. Counts under criteria of another version of
 * the configuration are kept.
 */
function recount(progress: Progress, trigger: Trigger, past: readonly Event[]): Progress {
  const counted = past.reduce((sum, event) => advance(sum, trigger, metBy(event, trigger)), {})
  const zero = Object.fromEntries(trigger.fireCriteria.map(({ fingerprint }) => [fingerprint, 0]))
  return { ...progress, ...zero, ...counted }
}

/**
 * Returns the fingerprints of the fire criteria that the event meets. Criteria that differ only in `number`
 * share one.
 */
function metBy(event: Event, { counted }: Trigger): string[] {
  const met: string[] = []
  for (const { criterion, fingerprint } of counted) {
    if (criterion.acceptsType(event.eventType) && criterion.mismatch(event) === undefined)
      met.push(fingerprint)
  }
  return met
}

function advance(progress: Progress, { counted }: Trigger, met: readonly string[]): Progress {
  const next: { [fingerprint: string]: number } = { ...progress }
  for (const { fingerprint } of counted) next[fingerprint] ??= 0
  for (const fingerprint of met) next[fingerprint] = (next[fingerprint] ?? 0) + 1
  return next
}

/**
 * Adds an event to its stream, or to a new one where the stream is missing or has expired. Returns why the
 * event cannot join where its expiry cannot be computed.
 */
function tryJoin(
  before: Draft | undefined,
  key: MatchedKey,
  trigger: Trigger,
  { event, at }: Arrival,
  generation: number,
): Draft | string {
  const draft = before && takesEvents(before, at) ? before : newDraft(key, event.timestamp)
  const firstEvent = Math.min(draft.firstEvent, event.timestamp)
  const lastEvent = Math.max(draft.lastEvent, event.timestamp)
  const expireTimestamp = expiry(trigger, firstEvent, lastEvent, at)
  if (typeof expireTimestamp === 'string') return expireTimestamp
  draft.firstEvent = firstEvent
  draft.lastEvent = lastEvent
  draft.expireTimestamp = expireTimestamp
  draft.eventCount++
  draft.generation = Math.max(draft.generation, generation)
  draft.progress = advance(draft.progress, trigger, key.met)
  if (draft.fireTimestamp === null && isReady(trigger, draft.progress)) {
    draft.fireTimestamp = at + trigger.fireDelay
  }
  return draft
}

function countJoining(
  debug: TriggerDebug,
  trigger: Trigger,
  joined: Draft,
  { isNew, wasReady }: { isNew: boolean; wasReady: boolean },
): void {
  if (isNew) debug.bump(trigger.name, 'New stream')
  debug.bump(trigger.name, 'Added events')
  if (wasReady && !isNew) return
  const isReadyNow = joined.fireTimestamp !== null
  debug.check(trigger.name, 'Fire', isReadyNow ? undefined : 'Not enough matching criteria')
  if (isReadyNow) debug.bump(trigger.name, 'Ready to fire')
}

function newDraft(key: StreamKey, timestamp: Micros): Draft {
  return {
    id: undefined,
    name: key.name,
    key,
    state: 'active',
    eventCount: 0,
    generation: 0,
    firstEvent: timestamp,
    lastEvent: timestamp,
    fireTimestamp: null,
    expireTimestamp: null,
    distinguishingTraits: key.traits,
    progress: {},
    joined: [],
  }
}

/** Returns when a stream expires, or the reason why this cannot be computed. */
export function expiry(trigger: Trigger, first: Micros, last: Micros, at: Micros): Micros | string {
  try {
    return microsFromInstant(firstMoment(evaluateTimex(trigger.expiration, { first, last, timestamp: at })))
  } catch (error) {
    if (error instanceof TimexError) return `expiration cannot be computed: ${error.message}`
    throw error
  }
}

/** Returns the fire criteria that progress does not meet. */
function missingOf(trigger: Trigger, progress: Progress): JoinedStream['missing'] {
  return trigger.fireCriteria.flatMap((criterion) => {
    const seen = progress[criterion.fingerprint] ?? 0
    return seen < criterion.number ? [{ criterion, seen }] : []
  })
}

function isReady(trigger: Trigger, progress: Progress): boolean {
  return trigger.fireCriteria.every(({ fingerprint, number }) => (progress[fingerprint] ?? 0) >= number)
}
