import { sleep } from '../runtime/backoff.ts'
import type { EventClock } from '../runtime/event-clock.ts'
import type { Simulated } from './simulation.ts'

/** Holds each message back until the clock reaches its time; `speed` is how fast that clock runs. */
export async function* pace(
  messages: Iterable<Simulated>,
  clock: EventClock,
  speed: number,
  signal: AbortSignal,
): AsyncGenerator<Simulated> {
  for (const message of messages) {
    const waitMs = (message.at - clock.now()) / 1000 / speed
    if (waitMs > 0) await sleep(waitMs, signal)
    if (signal.aborted) return
    yield message
  }
}

/** The bodies of messages, one by one. */
export async function* bodiesOf(messages: AsyncIterable<Simulated>): AsyncGenerator<Buffer> {
  for await (const { body } of messages) yield Buffer.from(body)
}
