import { messageOf } from '../domain/errors.ts'
import { formatIso, type Micros, parseIso } from '../domain/time.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { IntakeClock } from './event-clock.ts'
import { FURTHEST_AHEAD, GIVEN_BACK_MS } from './shared-time.ts'

export type SyncedClockOptions = {
  /** URL of the time service */
  readonly endpoint: string
  /** name of this process, unique in the deployment */
  readonly source: string
  /** reads the shared time (a worker), or moves it by what it stores (a consumer) */
  readonly role: 'reads' | 'posts'
  /** a bearer token, where the service asks for one */
  readonly token?: string | undefined
  readonly logger: Logger
}

const INTERVAL_MS = 100
const TIMEOUT_MS = 5000

/**
 * The clock of the notifications, through the time service. A consumer's events join at the latest timestamp
 * that it has seen, as if each came at the moment it was made; a worker sees what all consumers have stored.
 */
export class SyncedClock implements IntakeClock, Service {
  readonly #options: SyncedClockOptions
  readonly #stopping = new AbortController()
  #now: Micros = 0
  /** the shared time when this process began: what a message without a time is taken to be of */
  #initial: Micros = 0
  /** by queue, up to which time everything is stored */
  readonly #storedUpTo = new Map<string, Micros>()
  readonly #holding = new Set<string>()
  /** by queue, the oldest message at hand that others gave back: older than what is stored */
  readonly #returned = new Map<string, Micros>()
  /** of what this process gave back: up to where everything before it is stored, and until when that holds, ms */
  #givenBack: readonly { readonly time: Micros; readonly until: number }[] = []
  /** the last time that the service was told */
  #told: Micros | undefined
  #timer: NodeJS.Timeout | undefined
  #exchange: Promise<void> = Promise.resolve()
  #isTickDue = false
  #isFailing = false
  #isLeaving = false

  constructor(options: SyncedClockOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#initial = (await this.#get()) ?? 0
    if (this.#options.role === 'reads') this.#now = this.#initial
    else await this.#announce()
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS)
  }

  /** Before the first message is asked for: from now on the others do not run ahead of this process. */
  async #announce(): Promise<void> {
    this.#holding.add('')
    await this.#post()
    this.#holding.delete('')
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#isLeaving = true
    if (this.#options.role === 'posts') this.#tick()
    // The last word should get through, but a service that does not answer must not hold up the end.
    const timer = setTimeout(() => this.#stopping.abort(), TIMEOUT_MS / 5)
    await this.#exchange
    clearTimeout(timer)
    this.#stopping.abort()
  }

  now(): Micros {
    return Math.max(this.#now, this.#initial)
  }

  arrive(timestamp: Micros): Micros {
    if (timestamp < Date.now() * 1000 + FURTHEST_AHEAD) this.#now = Math.max(this.#now, timestamp)
    return this.#now
  }

  storedUpTo(queue: string, at: Micros): void {
    this.#storedUpTo.set(queue, at)
  }

  hold(queue: string): void {
    const isNews = this.#holding.size === 0
    this.#holding.add(queue)
    // At once: from now on the others must wait for what this message turns out to be.
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

  /** One exchange after the other; while one is under way at most one more is wanted. */
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
      const time = parseIso((await response.text()).trim())
      if (time === undefined) throw new Error('the answer is no time')
      return time
    })
  }

  async #post(): Promise<void> {
    this.#givenBack = this.#givenBack.filter(({ until }) => performance.now() < until)
    const busy = this.#holding.size > 0 || this.#givenBack.length > 0
    const storedUpTo = this.#watermark()
    const time = storedUpTo === undefined ? null : formatIso(storedUpTo, 'six')
    const body = JSON.stringify({ source: this.#options.source, time, busy, reading: !this.#isLeaving })
    const headers = { 'content-type': 'application/json' }
    await this.#request({ method: 'POST', body, headers }, async () => {
      this.#told = storedUpTo ?? this.#told
    })
  }

  /** Up to where everything is stored: of queues that have messages at hand, or gave some back, the earliest. */
  #watermark(): Micros | undefined {
    const givenBack = this.#givenBack.map(({ time }) => time)
    if (this.#holding.size === 0 && givenBack.length === 0) {
      return this.#storedUpTo.size > 0 ? Math.max(...this.#storedUpTo.values()) : undefined
    }
    const times = [...this.#holding].map((queue) => this.#storedUpTo.get(queue) ?? this.#told)
    if (times.includes(undefined)) return undefined
    // What others gave back is of the time before that of its queue, and they hold nobody back for long.
    return Math.min(...(times as Micros[]), ...this.#returned.values(), ...givenBack)
  }

  async #request<T>(init: RequestInit, read: (response: Response) => Promise<T>): Promise<T | undefined> {
    const { endpoint, token, logger } = this.#options
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(TIMEOUT_MS)])
    try {
      const response = await fetch(endpoint, { ...init, headers, signal })
      if (!response.ok) throw new Error(`HTTP ${response.status} ${(await response.text()).slice(0, 500)}`)
      const answer = await read(response)
      if (this.#isFailing) logger.info({}, 'the time service answers again')
      this.#isFailing = false
      return answer
    } catch (error) {
      if (!this.#isFailing)
        logger.warn({}, `the time service ${endpoint} does not answer: ${messageOf(error)}`)
      this.#isFailing = true
      return undefined
    }
  }
}
