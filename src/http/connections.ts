import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { isIPv6, type Socket } from 'node:net'

export type ConnectionLimits = {
  /** connections in all */
  readonly mostConnections: number
  /** of one address, or of one network of IPv6 */
  readonly mostPerAddress: number
}

export type Connections = {
  /**
   * To be called again and again: closes those that wait, and those that have taken nothing of their answers for so
   * long, ms. Others follow when they are answered.
   */
  closeWaiting(longestMs: number): void
  closeAll(): void
}

type Connection = {
  readonly address: string
  /** whole requests that are not answered yet */
  pending: number
  /** bytes that the client had taken when it was looked at, and since when, ms */
  taken: number
  since: number
}

/**
 * Keeps the connections of a server within limits. Where there are too many, the one makes room that has been waiting
 * for longest without a whole request of its own, be it silent, slow, or not taking its answer: of the same address
 * where that has its share, else of the address that has most. Who is being answered is not closed for others.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): Connections {
  const { mostConnections, mostPerAddress } = limits
  const all = new Map<Socket, Connection>()
  /** by address; those that wait for longest come first */
  const waiting = new Map<string, Set<Socket>>()
  const counts = new Map<string, number>()
  let isClosing = false

  function wait(socket: Socket, address: string): void {
    const known = waiting.get(address) ?? new Set<Socket>()
    known.delete(socket)
    waiting.set(address, known.add(socket))
  }

  function closeOldest(address: string): boolean {
    const [oldest] = waiting.get(address) ?? []
    if (!oldest) return false
    oldest.destroy()
    forget(oldest)
    return true
  }

  function hasRoom(address: string): boolean {
    if ((counts.get(address) ?? 0) >= mostPerAddress) return closeOldest(address)
    if (all.size < mostConnections) return true
    const byNumber = [...counts].sort(([, a], [, b]) => b - a)
    return byNumber.some(([other]) => closeOldest(other))
  }

  function forget(socket: Socket): void {
    const address = all.get(socket)?.address
    if (address === undefined) return
    all.delete(socket)
    waiting.get(address)?.delete(socket)
    const left = (counts.get(address) ?? 0) - 1
    if (left > 0) counts.set(address, left)
    else for (const map of [counts, waiting]) map.delete(address)
  }

  server.on('connection', (socket: Socket) => {
    const address = networkOf(socket.remoteAddress ?? '')
    if (!hasRoom(address)) return void socket.destroy()
    all.set(socket, { address, pending: 0, taken: -1, since: 0 })
    counts.set(address, (counts.get(address) ?? 0) + 1)
    wait(socket, address)
    socket.once('close', () => forget(socket))
  })

  server.prependListener('request', (request, response) => {
    const { socket } = request
    const connection = all.get(socket)
    if (!connection) return
    const { address } = connection
    let isWhole = false
    const begin = () => {
      isWhole = true
      connection.pending++
      waiting.get(address)?.delete(socket)
    }
    if (hasBody(request)) request.once('end', begin)
    else begin()
    // From here on it is the client's turn: to take what it asked for, and to ask again.
    response.once('prefinish', () => {
      if (all.has(socket)) wait(socket, address)
    })
    response.once('close', () => {
      if (isWhole) connection.pending--
      if (!all.has(socket)) return
      if (isClosing) socket.destroySoon()
      else if (connection.pending > 0) waiting.get(address)?.delete(socket)
      else wait(socket, address)
    })
  })

  return {
    closeWaiting(longestMs) {
      isClosing = true
      const now = performance.now()
      for (const [socket, connection] of all) {
        const taken = socket.bytesWritten - socket.writableLength
        if (taken !== connection.taken) Object.assign(connection, { taken, since: now })
        const isWaiting = waiting.get(connection.address)?.has(socket)
        const isStuck = socket.writableLength > 0 && now - connection.since >= longestMs
        if (isStuck || (isWaiting && socket.writableLength === 0)) socket.destroy()
      }
    },
    closeAll() {
      for (const socket of all.keys()) socket.destroy()
    },
  }
}

/** Requests that wait behind one of the same connection; clients hardly ever send any. */
const MOST_PIPELINED = 64

/**
 * Answers the requests of each connection one after the other: the next is worked on when the answer before it was
 * taken. Connections with too many of them are closed.
 */
export function inTurn(listener: RequestListener): RequestListener {
  const last = new WeakMap<Socket, { readonly response: ServerResponse; readonly waiting: number }>()
  return (request, response) => {
    const { socket } = request
    const before = last.get(socket)
    const isFree = !before || before.response.closed
    const waiting = isFree ? 0 : before.waiting + 1
    if (waiting > MOST_PIPELINED) return void socket.destroy()
    last.set(socket, { response, waiting })
    if (isFree) return listener(request, response)
    before.response.once('close', () => {
      if (socket.destroyed) return
      const latest = last.get(socket)
      if (latest) last.set(socket, { ...latest, waiting: latest.waiting - 1 })
      listener(request, response)
    })
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Whoever has one address of IPv6 has the 2^64 of its network. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return isIPv6(plain) && !plain.startsWith('::') ? plain.split(':', 4).join(':') : plain
}
