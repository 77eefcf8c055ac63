import { messageOf } from '../domain/errors.ts'
import { formatIso, type Micros, parseIso } from '../domain/time.ts'
import type { EventClock } from './event-clock.ts'
import type { Service } from './lifecycle.ts'
import type { Logger } from './logger.ts'

export type SyncedClockOptions = {
  /** URL of the time service */
  readonly endpoint: string
  /** name of this process, unique in the deployment */
  readonly source: string
  /** reads the shared time (a worker), or moves it by what it stores (a consumer) */
  readonly role: 'reads' | 'posts'
  readonly logger: Logger
}

const INTERVAL_MS = 100
const TIMEOUT_MS = 5000

/**
 * The clock of the notifications, through the time service. A consumer's events join at the latest timestamp
 * that it has seen, as if each came at the moment it was made; a worker sees what all consumers have stored.
 */
export class SyncedClock implements EventClock, Service {
  readonly #options: SyncedClockOptions
  #now: Micros = 0
  /** the shared time when this process began: what a message without a time is taken to be of */
  #initial: Micros = 0
  #settled: Micros | undefined
  readonly #holding = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #exchange: Promise<void> = Promise.resolve()
  #isFailing = false
  #lastPost = ''

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
    await this.#exchange
    this.#holding.clear()
    if (this.#options.role === 'posts') await this.#post()
  }

  now(): Micros {
    return Math.max(this.#now, this.#initial)
  }

  arrive(timestamp: Micros): Micros {
    this.#now = Math.max(this.#now, timestamp)
    return this.#now
  }

  settled(): void {
    this.#settled = this.#now
  }

  hold(queue: string): void {
    const isNews = this.#holding.size === 0
    this.#holding.add(queue)
    if (!isNews) return
    // At once: from now on the others must wait for what this message turns out to be.
    this.#tick()
  }

  release(queue: string): void {
    this.#holding.delete(queue)
  }

  #tick(): void {
    this.#exchange = this.#exchange.then(() => (this.#options.role === 'reads' ? this.#read() : this.#post()))
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
    const busy = this.#holding.size > 0
    const time = this.#settled === undefined ? null : formatIso(this.#settled, 'six')
    const body = JSON.stringify({ source: this.#options.source, time, busy })
    // Busy is repeated, so that the service knows this process alive.
    if (body === this.#lastPost && !busy) return
    await this.#request(
      { method: 'POST', body, headers: { 'content-type': 'application/json' } },
      async () => {
        this.#lastPost = body
      },
    )
  }

  async #request<T>(init: RequestInit, read: (response: Response) => Promise<T>): Promise<T | undefined> {
    const { endpoint, logger } = this.#options
    try {
      const response = await fetch(endpoint, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
      if (!response.ok) throw new Error(`HTTP ${response.status}`)
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
