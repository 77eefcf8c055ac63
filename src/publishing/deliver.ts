import { InvalidError, messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'

export type Waits = {
  /** first and longest wait between two attempts, ms */
  readonly initialMs: number
  readonly maxMs: number
  /** further attempts after the first; undefined: as many as it takes */
  readonly retries?: number | undefined
}

/** `signal`: what waits gives up. */
export type DeliveryContext = { readonly logger: Pick<Logger, 'info' | 'warn'>; readonly signal: AbortSignal }

/**
 * Tries until it works: what is sent must arrive, and its stream is not completed before. Waits grow between
 * attempts; final are only an InvalidError, what a server says of the thing itself, and what is wrong in the
 * configuration. Gives up when the worker stops.
 */
export async function deliver<T>(
  /** the server, as it is named in the log */
  to: string,
  attempt: () => Promise<T>,
  waits: Waits,
  { logger, signal }: DeliveryContext,
): Promise<T> {
  const backoff = new Backoff(waits)
  const outage = outageOf(to, logger)
  for (let failures = 1; ; failures++) {
    if (signal.aborted) throw new TransientError('the worker stops')
    try {
      const result = await attempt()
      outage.over()
      return result
    } catch (error) {
      if (error instanceof InvalidError || isOfConfig(error)) throw error
      if (signal.aborted) throw new TransientError('the worker stops', { cause: error })
      if (waits.retries !== undefined && failures > waits.retries)
        throw new InvalidError(messageOf(error), { cause: error })
      outage.failed(messageOf(error))
    }
    await sleep(backoff.next(), signal)
  }
}

type Log = DeliveryContext['logger']

/** Many runs wait for one server: its log tells once that it is away, and once that it is back. */
const outages = new WeakMap<Log, Map<string, Outage>>()

function outageOf(to: string, logger: Log): Outage {
  const ofLog = outages.get(logger) ?? new Map<string, Outage>()
  outages.set(logger, ofLog)
  const outage = ofLog.get(to) ?? new Outage(logger, `${to} takes what is sent again`)
  ofLog.set(to, outage)
  return outage
}

function isOfConfig(error: unknown): boolean {
  return error instanceof StackTachError && error.code === 'config'
}

/** What a server says of the request itself: the same request will never be accepted. */
const REFUSALS = new Set([400, 405, 406, 411, 413, 414, 415, 422, 431])

/** Whether a status means that the same will never be accepted. */
export function isRefusal(status: number): boolean {
  return REFUSALS.has(status)
}

/** Throws unless the status is one of success: InvalidError where trying again is in vain, else TransientError. */
export function requireSuccess(where: string, status: number, text: string): void {
  if (status >= 200 && status < 300) return
  const said = `${where} answered ${status}: ${text.slice(0, 500)}`
  throw isRefusal(status) ? new InvalidError(said) : new TransientError(said)
}
