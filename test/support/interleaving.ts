import fc from 'fast-check'
import { sql } from 'kysely'
import { lowWatermark } from '../../src/clock/low-watermark.ts'
import type { Arrival } from '../../src/domain/routing.ts'
import type { RunKind, Stream } from '../../src/domain/stream.ts'
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../../src/domain/time.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import type { ClaimedStream } from '../../src/store/ports/stream-runs.ts'
import type { ReportedPositions } from '../../src/store/ports/watermarks.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { createRouter } from '../../src/streams/router.ts'
import { at, event, routerOf } from './events.ts'

const START = at('2026-01-01T00:00:00')
const QUEUE = 'q'
const HOSTS = ['a', 'b'] as const
const LIFE = MICROS_PER_HOUR
const FIRE_DELAY = MICROS_PER_MINUTE
/** A stream that is due to fire takes no more events after so long. */
const CLOSED_AFTER = MICROS_PER_SECOND
const LEASE_MS = 3_600_000
const PATIENCE_MS = 86_400_000
const NEVER = Number.MAX_SAFE_INTEGER
const ALL = { limit: 10_000, mark: undefined, ascending: true }

const TABLES = ['event', 'event_trait', 'stream', 'open_stream', 'stream_event', 'stream_trait', 'writer']

type Item = { readonly host: (typeof HOSTS)[number]; readonly isEnd: boolean; readonly age: Micros }

/** What a consumer or a worker does at its turn. */
export type Step =
  /** reads messages, as its event clock has gone on by `passed`; the batch waits in its hands */
  | {
      readonly what: 'prepare'
      readonly who: number
      readonly passed: Micros
      readonly items: readonly Item[]
    }
  | { readonly what: 'store'; readonly who: number }
  /** claims by the clock of all consumers, or by one that is `ahead` of them */
  | {
      readonly what: 'claim'
      readonly who: number
      readonly kind: RunKind
      readonly ahead?: Micros | undefined
    }
  | { readonly what: 'finish'; readonly who: number }

/** Steps that are taken at the same time, each by somebody else. */
export type Round = readonly Step[]

const minutes = (min: number, max: number) => fc.integer({ min, max }).map((n) => n * MICROS_PER_MINUTE)
const item: fc.Arbitrary<Item> = fc.record({
  host: fc.constantFrom(...HOSTS),
  isEnd: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  age: fc.oneof(fc.constant(0), minutes(0, 30)),
})
const items = fc.array(item, { minLength: 1, maxLength: 3 })
const who = fc.nat({ max: 3 })
const kind = fc.constantFrom<RunKind>('fire', 'expire')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('prepare'), who, passed: minutes(0, 90), items }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('store'), who }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('claim'), who, kind }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('claim'), who, kind, ahead: minutes(0, 90) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('finish'), who }) },
) as fc.Arbitrary<Step>

/** Interleavings of consumers and workers: rounds of one step, or of up to `together` that are taken at the same time. */
function interleavings(together: number): fc.Arbitrary<readonly Round[]> {
  const round = fc.uniqueArray(step, { minLength: 1, maxLength: together, selector: actorOf })
  // As long as that, whatever the size of others: much has to come together.
  return fc.array(round, { minLength: 1, maxLength: 60, size: 'max' })
}

function actorOf({ what, who }: Step): string {
  return `${what === 'prepare' || what === 'store' ? 'consumer' : 'worker'} ${who}`
}

type Consumer = {
  readonly store: Store
  /** the event clock that its last batch saw */
  clock: Micros
  /** what it has at hand: prepared and not yet stored */
  readonly atHand: Arrival[][]
  /** counts its reports */
  reported: number
}

type Worker = { readonly name: string; readonly atHand: ClaimedStream[] }

/** An event: when its batch was prepared, by its clock, its own time, and its key. */
type Arrived = { readonly at: Micros; readonly timestamp: Micros; readonly host: string }

/** A stream that a worker has taken, and by which time it was due. */
type Ended = {
  readonly host: string
  readonly events: number
  readonly due: Micros
  readonly isFollowing: boolean
}

type Snapshot = {
  readonly streams: ReadonlyMap<number, Stream>
  /** message ids by stream */
  readonly members: ReadonlyMap<number, readonly string[]>
}

/**
 * Several consumers and workers of one database, each with an event clock of its own, whose steps are interleaved. After
 * each round it is checked that no event joined a stream that was over by a later clock than that of its own batch.
 */
class Interleaving {
  readonly #consumers: readonly Consumer[]
  readonly #workers: readonly Worker[]
  readonly #store: Store
  readonly #router = createRouter(
    routerOf({
      fire_criteria: [{ event_type: 'x.end' }],
      fire_delay: FIRE_DELAY / MICROS_PER_SECOND,
      expiration: `$last + ${LIFE / MICROS_PER_SECOND}s`,
      expire_pipeline: 'fire',
    }).triggers,
    { closesDue: true },
  )
  readonly #arrived = new Map<string, Arrived>()
  readonly #ended = new Map<number, Ended>()
  #seen: Snapshot = { streams: new Map(), members: new Map() }

  /** Empties the database, and lets consumers report where they begin: no worker runs ahead of them. */
  static async begin(database: OpenDatabase, consumers: number): Promise<Interleaving> {
    for (const table of TABLES) await sql`delete from ${sql.table(table)}`.execute(database.db)
    const stores = await Promise.all(
      Array.from({ length: consumers }, (_, number) =>
        createSqlStore(database, { writer: `consumer ${number}`, indexedTraits: ['host'] }),
      ),
    )
    const interleaving = new Interleaving(stores, await createSqlStore(database, { writer: 'worker' }))
    for (const consumer of interleaving.#consumers) await consumer.store.report(reportsOf(consumer, START))
    return interleaving
  }

  private constructor(stores: readonly Store[], store: Store) {
    this.#consumers = stores.map((store) => ({ store, clock: START, atHand: [], reported: 0 }))
    this.#workers = [0, 1, 2, 3].map((number) => ({ name: `worker ${number}`, atHand: [] }))
    this.#store = store
  }

  /** Takes the steps of a round at the same time. Throws when an event has joined a stream that was over. */
  async take(round: Round): Promise<void> {
    const taken = await Promise.all(round.map((step) => this.#step(step)))
    const seen = await this.#look()
    for (const [id, members] of seen.members) {
      const known = this.#seen.members.get(id) ?? []
      const joined = members.filter((messageId) => !known.includes(messageId))
      this.#checkJoined(id, joined, seen)
      if (round.length === 1) this.#checkOpened(id, joined)
    }
    this.#seen = seen
    for (const [id, ended] of taken.flat()) this.#ended.set(id, ended)
    this.#checkEnded()
  }

  /** Takes one step of somebody; whoever has nothing at hand does nothing. Returns the streams that it ended. */
  async #step(step: Step): Promise<[number, Ended][]> {
    if (step.what === 'prepare' || step.what === 'store') {
      const consumer = this.#consumers[step.who % this.#consumers.length] as Consumer
      if (step.what === 'prepare') this.#prepare(consumer, step)
      else await this.#storeNext(consumer)
      return []
    }
    const worker = this.#workers[step.who] as Worker
    if (step.what === 'claim') return this.#claim(worker, step)
    const claims = worker.atHand.splice(0)
    await this.#store.finishRuns(
      claims.map((claim) => ({ claim, newEvents: [], purge: false, lastError: null })),
      this.#router,
    )
    return []
  }

  #prepare(consumer: Consumer, { passed, items }: Step & { what: 'prepare' }): void {
    consumer.clock += passed
    const now = consumer.clock
    const arrivals = items.map(({ host, isEnd, age }) => {
      const one = event({ host, eventType: isEnd ? 'x.end' : 'x.event', timestamp: now - age })
      this.#arrived.set(one.messageId, { at: now, timestamp: one.timestamp, host })
      return { event: one, at: now, keys: this.#router.keysOf(one) }
    })
    consumer.atHand.push(arrivals)
  }

  async #storeNext(consumer: Consumer): Promise<void> {
    const arrivals = consumer.atHand.shift()
    const [first] = arrivals ?? []
    if (!arrivals || !first) return
    const reports = reportsOf(consumer, first.at)
    await consumer.store.storeBatch({ arrivals, deadLetters: [], reports }, this.#router)
  }

  async #claim(worker: Worker, { kind, ahead }: Step & { what: 'claim' }): Promise<[number, Ended][]> {
    const latest = Math.max(...this.#consumers.map(({ clock }) => clock))
    const isFollowing = ahead === undefined
    const request = {
      ...{ kind, limit: 100, worker: worker.name, leaseMs: LEASE_MS, isFirstDue: true },
      now: isFollowing ? Number.MAX_SAFE_INTEGER : latest + ahead,
      dueBefore: isFollowing ? clockOf : undefined,
    }
    const claims = await this.#store.claimStreams(request)
    worker.atHand.push(...claims)
    return claims.map(({ stream }) => {
      const due = kind === 'fire' ? stream.fireTimestamp : stream.expireTimestamp
      return [
        stream.id,
        { host: hostOf(stream), events: stream.eventCount, due: due ?? Number.NaN, isFollowing },
      ]
    })
  }

  #checkJoined(id: number, joined: readonly string[], seen: Snapshot): void {
    if (joined.length === 0) return
    const before = this.#seen.streams.get(id)
    if (before) this.#checkOpen(before, joined)
    // What joined together may have kept it from expiring; one event has opened it.
    const late = joined.filter(
      (messageId) =>
        this.#arrivedOf(messageId).at >= this.#expiryWithout(messageId, seen.members.get(id) ?? []),
    )
    if (late.length > (before ? 0 : 1))
      throw new Error(`${late.join(' ')} joined stream ${id} when it had expired`)
  }

  /** Nobody has ended the stream, by whatever clock, and it is not due to fire by that of the events. */
  #checkOpen(stream: Stream, joined: readonly string[]): void {
    const said = `${joined.join(' ')} joined stream ${stream.id}`
    if (stream.state !== 'active') throw new Error(`${said}, which was ${stream.state}`)
    const newer = [...this.#seen.streams.values()].find(
      (other) => other.id > stream.id && hostOf(other) === hostOf(stream),
    )
    if (newer) throw new Error(`${said}, in whose place stream ${newer.id} had come`)
    const { fireTimestamp } = stream
    const closes = fireTimestamp === null ? Number.POSITIVE_INFINITY : fireTimestamp + CLOSED_AFTER
    if (joined.some((messageId) => this.#arrivedOf(messageId).at > closes))
      throw new Error(`${said}, which was due to fire`)
  }

  /** No stream is opened while there is one of its key that takes the event. */
  #checkOpened(id: number, joined: readonly string[]): void {
    if (joined.length === 0 || this.#seen.streams.has(id)) return
    const host = this.#arrivedOf(joined[0] as string).host
    const open = [...this.#seen.streams.values()].findLast((other) => hostOf(other) === host)
    if (open?.state !== 'active') return
    const { expireTimestamp, fireTimestamp } = open
    const ends = Math.min(expireTimestamp ?? NEVER, (fireTimestamp ?? NEVER) + CLOSED_AFTER + 1)
    if (joined.every((messageId) => this.#arrivedOf(messageId).at < ends))
      throw new Error(`${joined.join(' ')} opened stream ${id} while stream ${open.id} was open`)
  }

  /** When a stream of these members would expire without one of them. */
  #expiryWithout(messageId: string, members: readonly string[]): Micros {
    const others = members.filter((other) => other !== messageId)
    return Math.max(...others.map((other) => this.#arrivedOf(other).timestamp)) + LIFE
  }

  #arrivedOf(messageId: string): Arrived {
    return this.#arrived.get(messageId) as Arrived
  }

  /** What a worker has taken stays as it was; by the clock of all, nobody has an event of before at hand. */
  #checkEnded(): void {
    for (const [id, { host, events, due, isFollowing }] of this.#ended) {
      const members = this.#seen.members.get(id) ?? []
      if (members.length !== events)
        throw new Error(`stream ${id} has ${members.length} events; a worker took it with ${events}`)
      const atHand = this.#consumers.flatMap(({ atHand }) => atHand.flat())
      const missed = atHand.find(
        (one) => one.at < due && hostOf({ distinguishingTraits: one.keys[0]?.traits ?? {} }) === host,
      )
      if (isFollowing && missed)
        throw new Error(`a worker took stream ${id} while ${missed.event.messageId} of before was at hand`)
    }
  }

  async #look(): Promise<Snapshot> {
    const streams = await this.#store.listStreams({}, ALL)
    const members = await this.#store.eventsOfStreams(streams.map(({ id }) => id))
    return {
      streams: new Map(streams.map((stream) => [stream.id, stream])),
      members: new Map([...members].map(([id, events]) => [id, events.map(({ messageId }) => messageId)])),
    }
  }
}

/** The position of a consumer after a batch, as it is stored with it. */
function reportsOf(consumer: Consumer, position: Micros) {
  return () => ({
    number: ++consumer.reported,
    queues: { [QUEUE]: { at: position, since: START, why: 'backlog' as const } },
  })
}

/** The event clock of all consumers, none of which has died, however slow this machine is. */
function clockOf(reports: readonly ReportedPositions[]): Micros {
  const living = reports.map((one) => ({ ...one, ageMs: 0 }))
  const wallNow = Number.MAX_SAFE_INTEGER
  return lowWatermark(living, { wallNow, patienceMs: PATIENCE_MS }).hold?.at ?? wallNow
}

function hostOf({ distinguishingTraits: { host } }: Pick<Stream, 'distinguishingTraits'>): string {
  return host?.type === 'text' ? host.value : ''
}

/**
 * Plays interleavings, each on the emptied database. Rejects with the shortest one found in which an event joins a stream
 * that was over.
 */
export async function playInterleavings(
  database: OpenDatabase,
  {
    consumers,
    together,
    runs,
  }: { readonly consumers: number; readonly together: number; readonly runs: number },
): Promise<void> {
  const property = fc.asyncProperty(interleavings(together), async (rounds) => {
    const interleaving = await Interleaving.begin(database, consumers)
    for (const round of rounds) await interleaving.take(round)
  })
  await fc.assert(property, { numRuns: runs, ...SEED })
}

/** `STACKTACH_INTERLEAVING_SEED` plays the interleavings of a failure again. */
const SEED =
  process.env.STACKTACH_INTERLEAVING_SEED === undefined
    ? {}
    : { seed: Number(process.env.STACKTACH_INTERLEAVING_SEED) }
