import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { messageOf } from '../../domain/errors.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import { type PostAnswer, postOut } from '../../runtime/outgoing.ts'
import { retryAfterMs } from './retry-after.ts'

const pack = promisify(gzip)
const WAITS = { initialMs: 500, maxMs: 30_000 }
const MOST_REDIRECTS = 5
/** Statuses of a request that may be taken later. */
const LATER = [408, 425, 429]

export type PosterOptions = {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly isPacked: boolean
  readonly timeoutMs: number
  /** how long a batch is tried again, ms; 0: for ever */
  readonly retryMs: number
  readonly logger: Logger
  readonly onAttempt?: (outcome: 'delivered' | 'failed') => void
}

/** What became of a batch: delivered, refused for a reason, or neither when the subscriber was to end. */
export type PostOutcome =
  | { readonly kind: 'delivered' | 'stopped' }
  | { readonly kind: 'refused'; readonly reason: string; readonly status: number | undefined }

type Body = { readonly bytes: Buffer; readonly isPacked: boolean }

type Attempt =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'later'; readonly reason: string; readonly waitMs: number | undefined; status?: number }
  | { readonly kind: 'refused'; readonly reason: string; readonly status: number }

/** Posts batches, again where that may help: after network errors, 5xx, 408, 425 and 429. */
export class Poster {
  #options: PosterOptions
  readonly #outage: Outage

  constructor(options: PosterOptions) {
    this.#options = options
    this.#outage = new Outage(options.logger, 'batches are taken again')
  }

  /** Why batches are not taken at the moment; undefined where they are. */
  get hindrance(): string | undefined {
    return this.#outage.reason
  }

  /** Posts by other options from now on, what is tried again too; `isPacked` holds for batches that come. */
  use(options: PosterOptions): void {
    this.#options = options
  }

  /** Posts lines until they are taken or refused, or `signal` aborts between two attempts. */
  async post(lines: Buffer, id: string, signal: AbortSignal): Promise<PostOutcome> {
    const { isPacked } = this.#options
    const body = { bytes: isPacked ? await pack(lines) : lines, isPacked }
    const backoff = new Backoff(WAITS)
    const begun = performance.now()
    for (;;) {
      const attempt = await this.#attempt(body, id)
      const { retryMs, onAttempt } = this.#options
      onAttempt?.(attempt.kind === 'delivered' ? 'delivered' : 'failed')
      if (attempt.kind !== 'later') {
        this.#outage.over()
        return attempt
      }
      const { reason, status } = attempt
      if (retryMs > 0 && performance.now() - begun >= retryMs) return { kind: 'refused', reason, status }
      this.#outage.failed(reason)
      await sleep(attempt.waitMs ?? backoff.next(), signal)
      if (signal.aborted) return { kind: 'stopped' }
    }
  }

  async #attempt(body: Body, id: string): Promise<Attempt> {
    const { timeoutMs } = this.#options
    let { url } = this.#options
    const signal = AbortSignal.timeout(timeoutMs)
    for (let redirects = 0; ; redirects++) {
      try {
        const response = await this.#send(url, body, id, signal)
        const next = redirectOf(response, url)
        if (next === undefined || redirects === MOST_REDIRECTS) return attemptOf(response)
        url = next
      } catch (error) {
        const cause = error instanceof Error ? (error.cause ?? error) : error
        const what = signal.aborted ? `no answer within ${timeoutMs / 1000} s` : messageOf(cause)
        return { kind: 'later', reason: `the batch was not posted: ${what}`, waitMs: undefined }
      }
    }
  }

  #send(url: string, { bytes, isPacked }: Body, id: string, signal: AbortSignal): Promise<PostAnswer> {
    const { headers } = this.#options
    return postOut(url, {
      signal,
      body: bytes,
      headers: {
        'Content-Type': 'application/json',
        'Idempotency-Key': headerText(id),
        ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}),
        // Only the server that was named gets them.
        ...(new URL(url).origin === new URL(this.#options.url).origin ? headers : {}),
      },
    })
  }
}

/** Returns a text as a header may hold it: blanks, `%` and all that is not ASCII as in the path of a URL, `%20`. */
function headerText(text: string): string {
  return text.toWellFormed().replace(/[^!-$&-~]/gu, encodeURIComponent)
}

function redirectOf({ status, header }: PostAnswer, base: string): string | undefined {
  const location = header('location')
  if ((status !== 307 && status !== 308) || location === undefined) return undefined
  const next = URL.parse(location, base)
  return next && /^https?:$/.test(next.protocol) ? next.href : undefined
}

function attemptOf({ status, header }: PostAnswer): Attempt {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const reason = `the batch was answered with ${status}`
  if (status < 500 && !LATER.includes(status)) return { kind: 'refused', reason, status }
  return { kind: 'later', reason, status, waitMs: retryAfterMs(header('retry-after'), Date.now()) }
}
