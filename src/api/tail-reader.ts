import { holdsTraits } from '../domain/trait-condition.ts'
import { formatPlace, type TailKind, type TailPlace } from '../formats/tail-form.ts'
import type { ServerSentEvent } from '../http/event-stream.ts'
import type { DeadLetterBox, DeadLetterFilter } from '../store/ports/dead-letter-box.ts'
import type { EventFilter, Queries, StreamFilter } from '../store/ports/queries.ts'
import type { StreamChangeRecord, Tail } from '../store/ports/tail.ts'
import { compilePattern } from '../text/filter-pattern.ts'
import type { TailMessages } from './tail-messages.ts'

export type TailStore = Queries & DeadLetterBox & Tail

/** What a tail tells of. */
export type TailFilter = {
  readonly kinds: ReadonlySet<TailKind>
  readonly events: EventFilter
  readonly streams: StreamFilter
  readonly letters: DeadLetterFilter
}

/** Rows of one list that are read at a time: no more are in memory. */
const AT_A_TIME = 100
/** The first id of a table is at most the number of nodes of the cluster. */
const FIRST_IDS = 64
const NONE: readonly never[] = []

/** Rows of one list behind a place, as messages, and the place in the list behind each of them and behind all. */
type Portion = {
  readonly messages: readonly { at: number; message: ServerSentEvent }[]
  readonly end: number
}

/**
 * Reads what has come since a place, list by list. A place goes up to ids below which no more rows become visible, so
 * nothing is missed, however late a transaction commits.
 */
export class TailReader {
  readonly #store: TailStore
  readonly #filter: TailFilter
  readonly #messages: TailMessages
  #place: TailPlace

  constructor(store: TailStore, filter: TailFilter, messages: TailMessages, place: TailPlace) {
    this.#store = store
    this.#filter = filter
    this.#messages = messages
    this.#place = place
  }

  /** The place behind all that was read. */
  get place(): TailPlace {
    return this.#place
  }

  /** Returns a message where changes of streams behind the place were deleted already. */
  async #gap(): Promise<ServerSentEvent | undefined> {
    const oldest = await this.#store.oldestChange()
    const next = this.#place.change === 0 ? FIRST_IDS : this.#place.change + 1
    if (oldest === undefined || oldest <= next) return undefined
    this.#place = { ...this.#place, change: oldest - 1 }
    const reason = 'the first changes of streams since then are not kept any more'
    return { event: 'gap', data: { reason }, id: formatPlace(this.#place) }
  }

  /**
   * Yields what has come, at most a portion of each list, and returns whether there may be more. Events come before the
   * streams that they opened, and these before their changes, as long as no list has more than a portion.
   */
  async *read(signal: AbortSignal): AsyncGenerator<ServerSentEvent, boolean> {
    const tops = await this.#store.readTops()
    const { kinds } = this.#filter
    const lists = [
      ['event', 'event', (upTo: number) => this.#events(upTo, signal)],
      ['stream', 'stream', (upTo: number) => this.#opened(upTo, signal)],
      ['letter', 'dead-letter', (upTo: number) => this.#letters(upTo)],
      ['change', 'stream', (upTo: number) => this.#changes(upTo)],
    ] as const
    let isMore = false
    for (const [list, kind, read] of lists) {
      const top = tops[list]
      if (top <= this.#place[list]) continue
      const { messages, end } = kinds.has(kind) ? await read(top) : { messages: NONE, end: top }
      // After the reading: what was deleted before it is missing there.
      const gap = list === 'change' && kinds.has(kind) ? await this.#gap() : undefined
      if (gap) yield gap
      for (const { at, message } of messages) {
        this.#place = { ...this.#place, [list]: at }
        yield { ...message, id: formatPlace(this.#place) }
      }
      this.#place = { ...this.#place, [list]: end }
      isMore ||= end < top
    }
    return isMore
  }

  async #events(upTo: number, signal: AbortSignal): Promise<Portion> {
    const page = { limit: AT_A_TIME, mark: this.#place.event, ascending: true, mayMissNewest: true }
    const events = await this.#store.listEvents(this.#filter.events, page, signal)
    return portionOf(events, upTo, this.#messages.event)
  }

  async #opened(upTo: number, signal: AbortSignal): Promise<Portion> {
    const { state, notState, ...others } = this.#filter.streams
    const isWanted = (state ?? 'active') === 'active' && notState !== 'active'
    if (!isWanted) return { messages: NONE, end: upTo }
    const page = { limit: AT_A_TIME, mark: this.#place.stream, ascending: true }
    const streams = await this.#store.listStreams(others, page, signal)
    return portionOf(streams, upTo, this.#messages.opened)
  }

  async #letters(upTo: number): Promise<Portion> {
    const page = { limit: AT_A_TIME, mark: this.#place.letter, ascending: true }
    const letters = await this.#store.listDeadLetterHeads(this.#filter.letters, page)
    return portionOf(letters, upTo, this.#messages.deadLetter)
  }

  async #changes(upTo: number): Promise<Portion> {
    const changes = await this.#store.listChanges({ after: this.#place.change, upTo }, AT_A_TIME)
    const end = changes.length < AT_A_TIME ? upTo : (changes.at(-1)?.id ?? upTo)
    const messages = changes
      .filter((change) => isMeant(change, this.#filter.streams))
      .map((change) => ({ at: change.id, message: this.#messages.changed(change) }))
    return { messages, end }
  }
}

function portionOf<T extends { readonly id: number }>(
  rows: readonly T[],
  upTo: number,
  message: (row: T) => ServerSentEvent,
): Portion {
  const known = rows.filter(({ id }) => id <= upTo)
  // A page may be short because rows of it were deleted meanwhile: only an empty one is the last.
  const isLast = rows.length === 0 || known.length < rows.length
  return {
    messages: known.map((row) => ({ at: row.id, message: message(row) })),
    end: isLast ? upTo : (known.at(-1)?.id ?? upTo),
  }
}

function isMeant({ name, state, traits }: StreamChangeRecord, filter: StreamFilter): boolean {
  if (filter.state !== undefined && filter.state !== state) return false
  if (filter.notState !== undefined && filter.notState === state) return false
  if (typeof filter.name === 'string' && filter.name !== name) return false
  if (typeof filter.name === 'object' && !compilePattern(filter.name)(name)) return false
  return holdsTraits(traits, filter.traits ?? [])
}
