import type { Event, StoredEvent } from '../domain/event.ts'
import type { Arrival, EncodedEvent, Router } from '../domain/routing.ts'
import type { ErrorState, Firing, Stream, StreamState } from '../domain/stream.ts'
import type { Micros } from '../domain/time.ts'
import type { TraitCondition } from '../domain/trait-condition.ts'

/** A message or record that could not be processed. */
export type NewDeadLetter = {
  /** where it failed, e.g. `decode`, `distill`, `store`, `pipeline` */
  readonly stage: string
  readonly reason: string
  readonly queue: string | null
  readonly body: Buffer
}

export type DeadLetter = NewDeadLetter & { readonly id: number; readonly at: Micros }

export type DeadLetterFilter = {
  readonly ids?: readonly number[] | undefined
  readonly stage?: string | undefined
  readonly queue?: string | undefined
  /** only those kept after this time, on the machine's clock */
  readonly since?: Micros | undefined
  /** only those kept before it */
  readonly until?: Micros | undefined
}

/** What one transaction stores: all of it or nothing. */
export type Batch = {
  readonly arrivals: readonly Arrival[]
  readonly deadLetters: readonly NewDeadLetter[]
}

export type BatchOutcome = { readonly stored: number; readonly duplicates: number }

/** A stream that this worker runs now; its lease holds on the database's clock. */
export type ClaimedStream = {
  readonly stream: Stream
  /** that of its row, as hex: see createStreamKeyHash */
  readonly keyHash: string
  readonly firing: Firing
  /** its last worker let the lease run out */
  readonly takenOver: boolean
}

export type ClaimRequest = {
  readonly firing: Firing
  /** event time: streams due before it are claimed */
  readonly now: Micros
  readonly limit: number
  readonly worker: string
  readonly leaseMs: number
}

/** When streams will have to be run next; null where none is known. */
export type DueTimes = {
  /** event time at which the first active stream fires */
  readonly fire: Micros | null
  /** event time at which the first active stream expires */
  readonly expire: Micros | null
  /** until the first retry or the end of the first lease, on the database's clock; negative when it is past */
  readonly retryInMs: number | null
}

/** A claimed stream whose handlers are done. */
export type FinishedRun = {
  readonly claim: ClaimedStream
  /** to be stored and routed together with the stream's completion */
  readonly newEvents: readonly Arrival[]
  /** delete the stream (never its events), else keep it as completed */
  readonly purge: boolean
  /** kept with the stream, when something went wrong that did not stop it */
  readonly lastError: string | null
}

export type FailedRun = {
  readonly claim: ClaimedStream
  readonly error: string
  /** wait this long on the database's clock and run again; undefined ends in the error state */
  readonly retryInMs: number | undefined
}

/** What is held in memory of an answer that is read. */
export type ReadLimits = {
  /** a page ends early where its rows' traits come to more bytes; it holds one row at least */
  readonly maxBytes?: number | undefined
  /** Told how many bytes of traits are held from now on, before more is read; reading waits for it. */
  readonly admit?: ((bytes: number) => Promise<void>) | undefined
}

/** One page of a list: ids below the mark downwards, or above it upwards. */
export type Page = ReadLimits & {
  readonly limit: number
  readonly mark: number | undefined
  readonly ascending: boolean
  /** what transactions that are under way store may be missing: nobody goes on from the end of this page (false) */
  readonly isUnsettled?: boolean | undefined
}

export type StreamFilter = {
  readonly name?: string | undefined
  readonly state?: StreamState | undefined
  /** only streams whose first event is before this time */
  readonly olderThan?: Micros | undefined
  /** only streams whose last event is after this time */
  readonly youngerThan?: Micros | undefined
  /** of distinguishing traits, all of which must hold */
  readonly traits?: readonly TraitCondition[] | undefined
}

export type EventFilter = {
  readonly eventType?: string | undefined
  /** only events after this time */
  readonly from?: Micros | undefined
  /** only events until this time, itself included */
  readonly to?: Micros | undefined
  /** all of which must hold */
  readonly traits?: readonly TraitCondition[] | undefined
  /** ids of events that a list by traits leaves out */
  readonly without?: ReadonlySet<number> | undefined
}

export type Trim = {
  /** events generated before this time */
  readonly olderThan: Micros
  /** most events that are deleted */
  readonly limit: number
  /** where an earlier call has come to; undefined: from the oldest */
  readonly after?: TrimPlace | undefined
}

export type TrimPlace = { readonly generated: Micros; readonly id: number }

/** How many were deleted, and where to go on; `after` is undefined when there are no more. */
export type Trimmed = { readonly trimmed: number; readonly after: TrimPlace | undefined }

/**
 * Where events, streams and dead letters are kept. Every method is one transaction or one query. They reject
 * with TransientError when the database is away or a lock was not granted; then nothing has been changed, or,
 * when the connection broke at the commit, all of it has, and the same call again does no harm.
 */
export interface Store {
  /** What storing an event needs; made beforehand it can be made while the database works on others. */
  encode(event: Event): EncodedEvent
  /**
   * Begins to read what storing these events will need, while the database works on others. It may fail or be left
   * out: what was not read is read when their turn comes.
   */
  readAhead(arrivals: readonly Arrival[]): Promise<void>
  /** Stores new events and lets them join their streams; repeats of a message_id are no-ops. */
  storeBatch(batch: Batch, router: Router): Promise<BatchOutcome>

  /** What a worker that has nothing to do waits for; retries and leases only where they are asked for. */
  nextDue(withRetries: boolean): Promise<DueTimes>
  /** Claims due streams: retries up to a quarter of the limit, then those that are due for the first time. */
  claimStreams(request: ClaimRequest): Promise<ClaimedStream[]>
  /** Claims a stream whose worker let its lease run out. Alone: one that kills its worker takes no other with it. */
  claimOrphan(request: ClaimRequest): Promise<ClaimedStream | undefined>
  /** Extends leases; answers the ids of the streams that nobody else has claimed since. */
  renewLeases(claims: readonly ClaimedStream[], leaseMs: number): Promise<Set<number>>
  /** Finishes runs whose lease holds; answers the ids of the streams that were finished. */
  finishRuns(runs: readonly FinishedRun[], router: Router): Promise<Set<number>>
  /** Puts a stream into its retry state, or into its error state and keeps a dead letter; false when the lease had gone. */
  failRun(run: FailedRun): Promise<boolean>
  /** Gives claims of one firing back: another worker may run them when the wait is over, and the attempt does not count. */
  releaseClaims(claims: readonly ClaimedStream[], waitMs?: number): Promise<void>
  /** Brings streams of an error state back to be run again; answers how many. */
  resetStreams(state: ErrorState, id?: number, signal?: AbortSignal): Promise<number>
  /** Deletes a stream, never its events; false when there is none. Rejects with ConflictError while a worker runs it. */
  deleteStream(id: number, signal?: AbortSignal): Promise<boolean>
  /** Runs a completed stream again, whose commit had failed; false when it is not completed, or no commit failed. */
  rerunCompleted(id: number, firing: Firing): Promise<boolean>

  /** The events of streams, each in order of (timestamp, id). */
  eventsOfStreams(ids: readonly number[], signal?: AbortSignal): Promise<Map<number, StoredEvent[]>>
  /** The events of one stream in the same order, in portions; each is read when it is asked for. */
  eventsOfStream(id: number, limits: ReadLimits, signal?: AbortSignal): AsyncGenerator<StoredEvent[]>
  /** Reading by traits takes several queries; it ends with an AbortError when `signal` aborts. */
  listStreams(filter: StreamFilter, page: Page, signal?: AbortSignal): Promise<Stream[]>
  countStreams(filter: StreamFilter, page: Page, signal?: AbortSignal): Promise<number>
  findStream(id: number, limits?: ReadLimits): Promise<Stream | undefined>
  listEvents(filter: EventFilter, page: Page, signal?: AbortSignal): Promise<StoredEvent[]>
  countEvents(filter: EventFilter, page: Page, signal?: AbortSignal): Promise<number>
  /** By message_id, byte for byte. */
  findEvent(messageId: string, limits?: ReadLimits): Promise<StoredEvent | undefined>

  listDeadLetters(filter: DeadLetterFilter, page: Page): Promise<DeadLetter[]>
  countDeadLetters(filter: DeadLetterFilter): Promise<number>
  /** Deletes dead letters; answers how many there were. */
  dropDeadLetters(filter: DeadLetterFilter): Promise<number>
  /** Says anew why a dead letter cannot be processed. */
  noteDeadLetter(id: number, stage: string, reason: string): Promise<void>
  /** Notes the times of events that are no longer stored among, which lists by time pass over; whether there is more to note. */
  closeSpan(): Promise<boolean>
  /** Deletes old events that are in no stream. */
  trimEvents(trim: Trim): Promise<Trimmed>

  /** Whether the database answers. */
  ping(): Promise<void>
  close(): Promise<void>
}
