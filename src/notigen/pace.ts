import { sleep } from '../runtime/backoff.ts'
import type { EventClock } from '../runtime/event-clock.ts'
import type { Simulated } from './simulation.ts'

/** Holds each notification back until the clock reaches its time; `speed` is how fast that clock runs. */
export async function* pace(
  notifications: Iterable<Simulated>,
  clock: EventClock,
  speed: number,
  signal: AbortSignal,
): AsyncGenerator<Simulated> {
  for (const simulated of notifications) {
    const waitMs = (simulated.at - clock.now()) / 1000 / speed
    if (waitMs > 0) await sleep(waitMs, signal)
    if (signal.aborted) return
    yield simulated
  }
}

/** The body of a notification's message. */
export function bodyOf({ notification }: Simulated): Buffer {
  return Buffer.from(JSON.stringify(notification))
}

/** The bodies of notifications, one by one. */
export async function* bodiesOf(notifications: AsyncIterable<Simulated>): AsyncGenerator<Buffer> {
  for await (const simulated of notifications) yield bodyOf(simulated)
}
