import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits until a condition holds. Throws an error with `what` after the time-out.
 *
 * @example
 * await until('the stream to be completed', async () => (await stateOf(id)) === 'completed')
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await delay(20)
  }
}
