import type { IncomingMessage } from 'node:http'

const signals = new WeakMap<IncomingMessage, AbortSignal>()

/** Notes the signal that aborts when the server of a request begins to stop. */
export function noteStopping(request: IncomingMessage, signal: AbortSignal): void {
  signals.set(request, signal)
}

/** Returns the signal that aborts when the server of a request begins to stop; undefined where none was noted. */
export function stoppingOf(request: IncomingMessage): AbortSignal | undefined {
  return signals.get(request)
}
