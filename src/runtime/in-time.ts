import { sleep } from './backoff.ts'

/** Awaits work for `ms` at most. Rejects with what `late` returns when it has not ended by then; it goes on all the same. */
export async function inTime<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const ended = new AbortController()
  const lateness = sleep(ms, ended.signal).then(() => Promise.reject(late()))
  return Promise.race([work, lateness]).finally(() => ended.abort())
}
