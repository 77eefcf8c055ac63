import { MICROS_PER_MINUTE, type Micros } from '../../domain/time.ts'

/**
 * Distance before the usual time of events, from which on an event counts as late: its page of the index of times has not
 * been used for long.
 */
const LATE = 10 * MICROS_PER_MINUTE

/**
 * Finds the late events of batches that come one after the other. The usual time is the median of a batch, or that of the
 * batch before where it is earlier: a batch of a replay may span hours of which none is late.
 */
export class LateTimes {
  #before: Micros = Number.POSITIVE_INFINITY

  /** Returns the late ones among the times of the next batch, in order. */
  next(times: readonly Micros[]): Micros[] {
    const sorted = times.toSorted((a, b) => a - b)
    const median = sorted[sorted.length >> 1] ?? this.#before
    const usual = Math.min(median, this.#before)
    this.#before = median
    return sorted.filter((time) => time < usual - LATE)
  }
}
