import type { Duplex } from 'node:stream'

/** Time in ms for which a connection stays open after its last answer, so that the client can read it. */
export const GRACE_MS = 1000

/** Sends the last bytes of a connection. Then closes it, whether the client closes its own side or not. */
export function answerAndClose(socket: Duplex, answer: string, graceMs = GRACE_MS): void {
  socket.end(answer)
  const timer = setTimeout(() => socket.destroy(), graceMs)
  socket.once('close', () => clearTimeout(timer))
}
