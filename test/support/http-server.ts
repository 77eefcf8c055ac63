import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Received = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Responds to the nth request, from 1. When it sends nothing, the client waits. */
export type Answer = (response: ServerResponse, received: Received, number: number) => void

/** Starts a real HTTP server that records its requests, until the test ends. */
export async function httpServer(answer: Answer): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method = '', url = '' } = request
      const one = { method, path: url, headers: request.headers, body: Buffer.concat(parts) }
      received.push(one)
      answer(response, one, received.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

/** Ends a response with a status and a body. */
export function reply(response: ServerResponse, status: number, body: unknown = ''): void {
  response.writeHead(status)
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
