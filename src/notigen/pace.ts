import type { EventClock } from '../clock/event-clock.ts'
import { sleep } from '../runtime/backoff.ts'
import type { Simulated } from './simulation.ts'

/** Longest delay of a Node timer, ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Yields each message when the clock reaches its time, until the signal aborts. `speed` is the speed of that
 * clock, as a multiple of real time.
 */
export async function* pace(
  messages: Iterable<Simulated>,
  clock: EventClock,
  speed: number,
  signal: AbortSignal,
): AsyncGenerator<Simulated> {
  const waitMs = ({ at }: Simulated) => (at - clock.now()) / 1000 / speed
  for (const message of messages) {
    for (let ms = waitMs(message); ms > 0 && !signal.aborted; ms = waitMs(message)) {
      await sleep(Math.min(ms, LONGEST_TIMER_MS), signal)
    }
    if (signal.aborted) return
    yield message
  }
}

/** Yields the bodies of messages. */
export async function* bodiesOf(
  messages: Iterable<Simulated> | AsyncIterable<Simulated>,
): AsyncGenerator<Buffer> {
  for await (const { body } of messages) yield Buffer.from(body)
}
