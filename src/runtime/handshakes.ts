import type { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'

/** The connections of a server whose handshake is not finished. */
export type Handshakes = {
  /** Breaks all of them off. */
  destroyAll(): void
}

/** Follows the handshakes of a server with TLS, which would hold up its end. */
export function followHandshakes(server: Server): Handshakes {
  const open = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket)
    open.set(peer, socket)
    socket.once('close', () => {
      if (open.get(peer) === socket) open.delete(peer)
    })
  })
  server.on('secureConnection', (socket: TLSSocket) => open.delete(peerOf(socket)))
  return {
    destroyAll() {
      for (const socket of open.values()) socket.destroy()
    },
  }
}

/** Returns what the socket with TLS and the one below it have in common. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
