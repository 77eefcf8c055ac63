import type { ServerResponse } from 'node:http'
import type { StatusClock } from '../status-clock.ts'
import type { StatusModel } from '../tree/status-model.ts'

/** Longest wait for a change; then what is there is sent, ms. */
const LONGEST_WAIT_MS = 25_000

/**
 * Resolves when the change index is another one than `index`, which is at once where it is so already, when the client
 * has gone, or after 25 s.
 */
export function waitForChange(
  response: ServerResponse,
  {
    model,
    clock,
    index,
  }: { readonly model: StatusModel; readonly clock: StatusClock; readonly index: number },
): Promise<void> {
  if (model.index !== index) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      cancel()
      stop()
      response.off('close', done)
      resolve()
    }
    const cancel = clock.after(LONGEST_WAIT_MS, done)
    const stop = model.onChange(() => model.index !== index && done())
    response.once('close', done)
  })
}
