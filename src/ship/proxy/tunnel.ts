import type { Socket } from 'node:net'

/** Why a tunnel has ended. */
export type TunnelEnd = 'closed' | 'reset' | 'idle'

export type TunnelReport = {
  readonly bytesOut: (count: number) => void
  readonly bytesIn: (count: number) => void
  readonly ended: (end: TunnelEnd) => void
}

/**
 * Joins two connections: what one sends, the other gets. An end is handed on in its direction alone. A reset is handed on as a reset,
 * and so is the end of a tunnel through which nothing passes for `idleMs`.
 */
export function joinSockets(
  client: Socket,
  backend: Socket,
  idleMs: number,
  { bytesOut, bytesIn, ended }: TunnelReport,
): void {
  let isOver = false
  const finish = (end: TunnelEnd) => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    if (end !== 'closed') for (const socket of [client, backend]) socket.resetAndDestroy()
    ended(end)
  }
  const timer = setTimeout(() => finish('idle'), idleMs)
  const pairs = [
    [client, backend, bytesOut],
    [backend, client, bytesIn],
  ] as const
  for (const [from, to, count] of pairs) {
    from.on('data', (chunk: Buffer) => {
      timer.refresh()
      count(chunk.length)
      if (!to.write(chunk)) from.pause()
    })
    to.on('drain', () => from.resume())
    from.on('end', () => to.end())
    from.on('error', () => finish('reset'))
    from.on('close', () => {
      if (!from.readableEnded) finish('reset')
      else if (to.destroyed) finish('closed')
    })
    from.resume()
  }
}
