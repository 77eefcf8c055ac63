import { messageOf } from '../domain/errors.ts'
import { formatIso, type Micros, parseIso } from '../domain/time.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import { type OutgoingResponse, sendOut } from '../runtime/outgoing.ts'
import type { BatchMark, IntakeClock } from './event-clock.ts'
import { QueuePosition } from './queue-position.ts'
import { FURTHEST_AHEAD, GIVEN_BACK_MS } from './shared-time.ts'

export type SyncedClockOptions = {
  /** URL of the time service, with or without /time */
  readonly endpoint: string
  /** name of this process, unique in the deployment */
  readonly source: string
  /**
   * `reads`: a worker, which follows the shared time; `posts`: a consumer, which moves it by what it stores
   */
  readonly role: 'reads' | 'posts'
  /** a bearer token, where the service asks for one */
  readonly token?: string | undefined
  readonly logger: Logger
}

const INTERVAL_MS = 100
/** A queue of which nothing came for so long has paused, ms. */
const PAUSE_MS = 1000
/** So a server answers that cannot read the JSON of a post. */
const REFUSES_JSON = new Set([400, 415, 422, 500])
const TIMEOUT_MS = 5000

/**
 * The clock of the notifications, through the time service. A consumer's events join at the latest timestamp
 * that the consumer has seen, as if each event arrived when it was made. A worker's time is the one up to
 * which all consumers have stored.
 *
 * @example
 * const clock = new SyncedClock({ endpoint: 'http://127.0.0.1:8001/time', source, role: 'reads', logger })
 * await clock.start()
 */
export class SyncedClock implements IntakeClock, Service {
  readonly #options: SyncedClockOptions
  readonly #url: string
  /** positions by queue, for a consumer */
  readonly #positions = new Map<string, QueuePosition>()
  /** the service is of the original's kind: it takes and gives a time as text */
  #takesTextOnly = false
  readonly #stopping = new AbortController()
  #now: Micros = 0
  /** the shared time at the start, which messages without a time get */
  #initial: Micros = 0
  /** time up to which everything is stored, by queue */
  readonly #storedUpTo = new Map<string, Micros>()
  readonly #holding = new Set<string>()
  /** timestamp of the oldest held message that others gave back, by queue; it is before the stored time */
  readonly #returned = new Map<string, Micros>()
  /** for messages given back: the time before which everything is stored, and until when it counts, ms */
  #givenBack: readonly { readonly time: Micros; readonly until: number }[] = []
  /** the last time that was posted to the service */
  #told: Micros | undefined
  #timer: NodeJS.Timeout | undefined
  #exchange: Promise<void> = Promise.resolve()
  #isTickDue = false
  #isFailing = false
  #isLeaving = false

  constructor(options: SyncedClockOptions) {
    this.#options = options
    this.#url = timeUrl(options.endpoint)
  }

  async start(): Promise<void> {
    this.#initial = (await this.#get()) ?? 0
    if (this.#options.role === 'reads') this.#now = this.#initial
    else await this.#announce()
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS)
  }

  /** Posts that this process is busy before it asks for messages, so that no other runs ahead of it. */
  async #announce(): Promise<void> {
    this.#holding.add('')
    await this.#post()
    this.#holding.delete('')
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#isLeaving = true
    if (this.#options.role === 'posts') this.#tick()
    // The last post should get through, but a service that does not answer must not hold up the stop.
    const timer = setTimeout(() => this.#stopping.abort(), TIMEOUT_MS / 5)
    await this.#exchange
    clearTimeout(timer)
    this.#stopping.abort()
  }

  now(): Micros {
    return Math.max(this.#now, this.#initial)
  }

  reads(queue: string, isFull: () => boolean): void {
    const options = { wallNow: () => Date.now() * 1000, machineNow: () => performance.now(), isFull }
    this.#positions.set(queue, new QueuePosition(options))
  }

  reading(): void {}

  isUnknown(): boolean {
    return false
  }

  foresee(queue: string, timestamp: Micros): void {
    this.arrive(queue, timestamp)
  }

  timeOf(queue: string): Micros {
    return this.#positions.get(queue)?.position() ?? this.now()
  }

  /**
   * Returns the timestamp, or the latest time seen while the queue is not behind. A notification of today in a replay of
   * January moves no clock: see QueuePosition.
   */
  arrive(queue: string, timestamp: Micros): Micros {
    const position = this.#positions.get(queue)
    position?.arrive(timestamp)
    if (position?.isBehind) return Math.min(timestamp, Date.now() * 1000)
    if (timestamp < Date.now() * 1000 + FURTHEST_AHEAD) this.#now = Math.max(this.#now, timestamp)
    return this.#now
  }

  prepared(queue: string): BatchMark {
    const position = this.#positions.get(queue)?.position()
    this.#now = Math.max(this.#now, position ?? 0)
    return position
  }

  reportsAfter(): undefined {}

  storedUpTo(queue: string, at: Micros | undefined, mark?: BatchMark): void {
    const time = mark ?? at
    if (time !== undefined) this.#storedUpTo.set(queue, time)
  }

  hold(queue: string): void {
    const isNews = this.#holding.size === 0
    this.#holding.add(queue)
    // At once: from now on the others must wait until the time of this message is known.
    if (isNews) this.#tick()
  }

  holdReturned(queue: string, oldest: Micros | undefined): void {
    if (oldest === undefined) this.#returned.delete(queue)
    else this.#returned.set(queue, oldest)
  }

  gaveBack(queue: string): void {
    const storedUpTo = this.#storedUpTo.get(queue) ?? this.#told ?? 0
    const time = Math.min(storedUpTo, this.#returned.get(queue) ?? storedUpTo)
    this.#givenBack = [...this.#givenBack, { time, until: performance.now() + GIVEN_BACK_MS }]
  }

  release(queue: string): void {
    this.#holding.delete(queue)
    this.#returned.delete(queue)
  }

  /** Starts an exchange with the service after the current one; at most one waits. */
  #tick(): void {
    if (this.#isTickDue) return
    this.#isTickDue = true
    this.#exchange = this.#exchange.then(() => {
      this.#isTickDue = false
      return this.#options.role === 'reads' ? this.#read() : this.#post()
    })
  }

  async #read(): Promise<void> {
    this.#now = Math.max(this.#now, (await this.#get()) ?? 0)
  }

  async #get(): Promise<Micros | undefined> {
    return this.#request({ method: 'GET' }, async (response) => {
      const text = (await response.text()).trim().replace(/^"|"$/g, '')
      // So the time server of StackTach.v3 answers until somebody has told it a time.
      if (text === 'None') return undefined
      const time = parseIso(text)
      if (time === undefined) throw new Error('its answer is not an ISO 8601 time')
      return time
    })
  }

  async #post(): Promise<void> {
    this.#givenBack = this.#givenBack.filter(({ until }) => performance.now() < until)
    const busy = this.#holding.size > 0 || this.#givenBack.length > 0
    const storedUpTo = this.#watermark()
    const time = storedUpTo === undefined ? null : formatIso(storedUpTo, 'six')
    if (this.#takesTextOnly) {
      await this.#postText(storedUpTo)
      return
    }
    const body = JSON.stringify({ source: this.#options.source, time, busy, reading: !this.#isLeaving })
    const headers = { 'content-type': 'application/json' }
    const told = async () => {
      this.#told = storedUpTo ?? this.#told
    }
    await this.#request({ method: 'POST', body, headers }, told, async (status) => {
      // The time server of StackTach.v3 takes a time and nothing else.
      this.#takesTextOnly = REFUSES_JSON.has(status) && (await this.#postText(storedUpTo ?? this.#initial))
      return this.#takesTextOnly
    })
  }

  /** Posts a time as text, and returns whether it was taken. Such a server does not know who holds it back. */
  async #postText(time: Micros | undefined): Promise<boolean> {
    if (time === undefined || time === this.#told) return true
    const headers = { 'content-type': 'text/plain' }
    const body = formatIso(time, 'six')
    const isTaken = await this.#request({ method: 'POST', body, headers }, async () => true)
    if (isTaken) this.#told = time
    return isTaken === true
  }

  /** Returns the latest time of a queue that has paused, else 0: in a flow it may be that of a stray. */
  #newestIfPaused(queue: string): Micros {
    const position = this.#positions.get(queue)
    return position && position.idleMs() > PAUSE_MS ? (position.newest() ?? 0) : 0
  }

  /**
   * Returns the time up to which everything is stored: the earliest of the queues that hold messages or gave
   * some back. Undefined when a queue has none yet.
   */
  #watermark(): Micros | undefined {
    const givenBack = this.#givenBack.map(({ time }) => time)
    if (this.#holding.size === 0 && givenBack.length === 0) {
      const times = [...this.#storedUpTo].map(([queue, time]) => Math.max(time, this.#newestIfPaused(queue)))
      return times.length > 0 ? Math.max(...times) : undefined
    }
    const times = [...this.#holding].map((queue) => this.#storedUpTo.get(queue) ?? this.#told)
    if (times.includes(undefined)) return undefined
    // Messages that others gave back are older than this, and hold nobody back for long.
    return Math.min(...(times as Micros[]), ...this.#returned.values(), ...givenBack)
  }

  /** `otherwise`: whether a refusal could be helped in another way. */
  async #request<T>(
    init: Parameters<typeof sendOut>[1],
    read: (response: OutgoingResponse) => Promise<T>,
    otherwise?: (status: number) => Promise<boolean>,
  ): Promise<T | undefined> {
    const { token, logger } = this.#options
    const endpoint = this.#url
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(TIMEOUT_MS)])
    try {
      const response = await sendOut(endpoint, { ...init, headers, signal })
      if (!response.ok && (await otherwise?.(response.status))) return undefined
      if (!response.ok) throw new Error(`HTTP ${response.status} ${(await response.text()).slice(0, 500)}`)
      const answer = await read(response)
      if (this.#isFailing) logger.info({}, 'the time service can be used again')
      this.#isFailing = false
      return answer
    } catch (error) {
      if (!this.#isFailing)
        logger.warn({}, `the time service ${endpoint} cannot be used: ${messageOf(error)}`)
      this.#isFailing = true
      return undefined
    }
  }
}

/**
 * Returns the URL of the time at a service: `/time` is added to a base URL, as StackTach.v3 does.
 *
 * @example
 * timeUrl('http://127.0.0.1:8008') // 'http://127.0.0.1:8008/time'
 */
export function timeUrl(endpoint: string): string {
  const base = endpoint.replace(/\/+$/, '')
  return base.endsWith('/time') ? base : `${base}/time`
}
