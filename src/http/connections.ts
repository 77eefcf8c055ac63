import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { isIPv6, type Socket } from 'node:net'
import { followHandshakes } from '../runtime/handshakes.ts'

export type ConnectionLimits = {
  /** most connections in all */
  readonly mostConnections: number
  /** most connections of one address, or of one IPv6 network */
  readonly mostPerAddress: number
}

export type Connections = {
  /** Leaves a connection that speaks another protocol to those who have taken it over and limit their own. */
  release(socket: Socket): void
  /**
   * Closes connections that wait without a request, in the handshake of TLS too, and those whose client has
   * taken nothing of its answer for `longestMs`, or speaks another protocol and was sent nothing for so long.
   * Other connections close when they are answered. To be called repeatedly.
   */
  closeWaiting(longestMs: number): void
  /** Closes all connections at once. */
  closeAll(): void
}

/** The bytes that a client had taken at the last check, and the time since which that has not changed, ms. */
type Progress = { taken: number; since: number }

type Connection = Progress & {
  readonly address: string
  /** complete requests that are not answered yet */
  pending: number
}

/**
 * Keeps the connections of a server within limits. When there are too many, the connection is closed that has
 * waited longest without a complete request: a silent or slow client, or one that does not take its answer.
 * It is chosen from the same address when that address has its share, else from the address with the most
 * connections. A connection whose request is being answered is never closed for others.
 */
export function limitConnections(server: Server | TlsServer, limits: ConnectionLimits): Connections {
  const { mostConnections, mostPerAddress } = limits
  const all = new Map<Socket, Connection>()
  /** connections that others have taken over, which count no more */
  const released = new Map<Socket, Progress>()
  /** waiting sockets by address, the longest wait first */
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

  // Of a server with TLS, requests name the socket with TLS, which comes after the other.
  const handshakes = 'setSecureContext' in server ? followHandshakes(server) : undefined
  server.on(handshakes ? 'secureConnection' : 'connection', (socket: Socket) => {
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
    // From here on the client has to act: take its answer, and send its next request.
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
    release(socket) {
      forget(socket)
      released.set(socket, { taken: -1, since: 0 })
      socket.once('close', () => released.delete(socket))
    },
    closeWaiting(longestMs) {
      isClosing = true
      handshakes?.destroyAll()
      const now = performance.now()
      for (const [socket, connection] of all) {
        const isStill = stillMs(socket, connection, now) >= longestMs
        const isWaiting = waiting.get(connection.address)?.has(socket)
        if (socket.writableLength > 0 ? isStill : isWaiting) socket.destroy()
      }
      for (const [socket, progress] of released)
        if (stillMs(socket, progress, now) >= longestMs) socket.destroy()
    },
    closeAll() {
      for (const socket of [...all.keys(), ...released.keys()]) socket.destroy()
    },
  }
}

/** Returns for how long a client has taken nothing of what it was sent, ms. */
function stillMs(socket: Socket, progress: Progress, now: number): number {
  const taken = socket.bytesWritten - socket.writableLength
  if (taken !== progress.taken) Object.assign(progress, { taken, since: now })
  return now - progress.since
}

/** Most requests that wait behind another one of the same connection; clients hardly ever send any. */
const MOST_PIPELINED = 64

/**
 * Returns a listener that works on one request of a connection at a time: the next one begins when the client
 * has taken the answer before it. A connection with too many waiting requests is closed.
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

/**
 * Returns an address, or the network of an IPv6 address: whoever has one address has the 2^64 of its network.
 */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return isIPv6(plain) && !plain.startsWith('::') ? plain.split(':', 4).join(':') : plain
}
