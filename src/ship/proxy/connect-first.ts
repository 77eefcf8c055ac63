import { connect, type Socket } from 'node:net'
import { messageOf } from '../../domain/errors.ts'

/** Why there is no connection, and the status that says so. */
export type ConnectFailure = { readonly status: 502 | 503 | 504; readonly reason: string }

export type ConnectLimits = {
  /** longest wait for one address, ms */
  readonly connectMs: number
  /** longest wait for all of them, ms */
  readonly totalMs: number
}

/** Period of TCP keep-alive, ms. */
const KEEP_ALIVE_MS = 8000

/**
 * Connects to the first address that takes the connection: each is tried once, in order, until the total time is over or the signal
 * aborts. Never rejects.
 */
export async function connectFirst(
  addresses: readonly string[],
  port: number,
  { connectMs, totalMs }: ConnectLimits,
  signal: AbortSignal,
): Promise<Socket | ConnectFailure> {
  const end = performance.now() + totalMs
  let failure: ConnectFailure = { status: 503, reason: 'no address of it is known' }
  for (const address of addresses) {
    const left = Math.min(connectMs, end - performance.now())
    if (left <= 0 || signal.aborted) break
    const connected = await connectOne(address, port, left, signal)
    if (!('status' in connected)) return connected
    failure = connected
  }
  return failure
}

function connectOne(
  host: string,
  port: number,
  ms: number,
  signal: AbortSignal,
): Promise<Socket | ConnectFailure> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      allowHalfOpen: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    })
    const end = (outcome: Socket | ConnectFailure) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
      socket.removeAllListeners()
      // Without a listener a late error would end the process.
      socket.on('error', () => {})
      if (outcome !== socket) socket.destroy()
      resolve(outcome)
    }
    const leave = () => end({ status: 502, reason: 'the client has left' })
    const timer = setTimeout(
      () => end({ status: 504, reason: `${host}:${port} takes no connection within ${ms} ms` }),
      ms,
    )
    signal.addEventListener('abort', leave, { once: true })
    socket.once('connect', () => end(socket))
    socket.once('error', (error) => end({ status: 502, reason: messageOf(error) }))
  })
}
